/** Takes files that are dropped anywhere on the page. */

export function watchDrops(dropped: (file: File) => void): () => void {
  const listening = new AbortController();
  const options = { signal: listening.signal };
  let depth = 0; // of elements that the file has been dragged into
  const shade = document.createElement("div");
  shade.className = "dropping";
  shade.textContent = "Let go, and hear what sounds like it";
  const enter = (change: number) => {
    depth = Math.max(0, depth + change);
    if (depth) document.body.append(shade);
    else shade.remove();
  };

  document.addEventListener("dragenter", (event) => hasFiles(event) && enter(1), options);
  document.addEventListener("dragleave", (event) => hasFiles(event) && enter(-1), options);
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault(), options);
  document.addEventListener(
    "drop",
    (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      enter(-depth);
      if (!file) return;
      event.preventDefault();
      dropped(file);
    },
    options,
  );
  return () => {
    listening.abort();
    shade.remove();
  };
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
