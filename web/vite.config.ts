/// <reference types="vitest/config" />
import { defineConfig } from "vite";

// `npm run dev` serves the page itself, and takes all else from a running service.
const SERVICE = process.env.AUDIOSEARCH_URL ?? "http://127.0.0.1:45678";
const PATHS = ["/search", "/recordings", "/jobs", "/failures", "/status", "/health", "/session", "/map", "/folders", "/docs", "/openapi.json"];
const toService = { target: SERVICE, changeOrigin: true, headers: { origin: SERVICE } };

export default defineConfig({
  base: "./",
  server: { proxy: Object.fromEntries(PATHS.map((path) => [path, toService])) },
  build: { target: "es2022", reportCompressedSize: true, modulePreload: { polyfill: false } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
