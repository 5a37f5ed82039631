/** The map of all recordings: near is similar. */

import "./map.css";
import type { App, Mount } from "../app";
import { MapView } from "./view";

export const mount: Mount = (root: HTMLElement, app: App) => new MapView(root, app).start();
