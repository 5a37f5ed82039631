/** The library: what it holds, what failed, what is being added. */

import "./library.css";
import type { App, Mount } from "../app";
import { LibraryView } from "./view";

export const mount: Mount = (root: HTMLElement, app: App) => new LibraryView(root, app).start();
