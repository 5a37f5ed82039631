/** What is drawn over the dots: rings around those that are meant, and the lasso. */

export type Place = readonly [x: number, y: number];

export interface Rings {
  readonly places: readonly Place[];
  readonly radius: number;
  readonly width: number;
  readonly colour: string;
}

/** Draw in the page's pixels; `lasso` is a path that is being drawn. */
export function drawMarks(canvas: HTMLCanvasElement, ratio: number, rings: readonly Rings[], lasso: readonly Place[], colour: string): void {
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const each of rings) {
    context.strokeStyle = each.colour;
    context.lineWidth = each.width;
    for (const [x, y] of each.places) {
      context.beginPath();
      context.arc(x, y, each.radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  if (lasso.length < 2) return;
  context.strokeStyle = colour;
  context.setLineDash([5, 4]);
  context.beginPath();
  for (const [x, y] of lasso) context.lineTo(x, y);
  context.closePath();
  context.stroke();
  context.setLineDash([]);
}
