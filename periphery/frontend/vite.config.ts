import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const BUILT_OF = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src"];

function files(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => files(join(path, name)));
}

/** The digest of the sources that a bundle is built of, beside it: bundle.py computes the same. */
function sourcesDigest(): Plugin {
  let out = "";
  return {
    name: "sources-digest",
    apply: "build",
    configResolved: (config) => void (out = resolve(config.root, config.build.outDir)),
    closeBundle: () => {
      const paths = BUILT_OF.flatMap(files).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const found = createHash("sha256");
      for (const path of paths) {
        found.update(`${path}\0`).update(createHash("sha256").update(readFileSync(path)).digest());
      }
      writeFileSync(join(out, "sources.sha256"), `${found.digest("hex")}\n`);
    },
  };
}

/** The licences of what is in the bundle, beside it. */
function licences(): Plugin {
  let out = "";
  const found = new Map<string, string>();
  return {
    name: "licences",
    apply: "build",
    configResolved: (config) => void (out = resolve(config.root, config.build.outDir)),
    moduleParsed: ({ id }) => {
      const name = /\/[^\0?]*node_modules\/(?:@[^/]+\/)?[^/?]+/.exec(id)?.[0];
      if (!name || found.has(name)) return;
      const file = readdirSync(name).find((each) => /^licen[cs]e/i.test(each));
      const { version, license } = JSON.parse(readFileSync(join(name, "package.json"), "utf8"));
      const title = `${name.slice(name.lastIndexOf("node_modules/") + 13)} ${version}, ${license}`;
      found.set(name, `${title}\n\n${file ? readFileSync(join(name, file), "utf8").trim() : ""}\n`);
    },
    closeBundle: () => writeFileSync(join(out, "licences.txt"), [...found.values()].sort().join(`\n${"-".repeat(80)}\n\n`)),
  };
}

export default defineConfig({
  base: "/",
  plugins: [sourcesDigest(), licences()],
  esbuild: { jsx: "automatic" },
  build: {
    outDir: "static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    // Plain names: a bundle is asked for with its ETag each time, and a rebuild stays a small change.
    rollupOptions: {
      output: {
        entryFileNames: "assets/nacre.js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/nacre[extname]",
        manualChunks: (id) => (id.includes("node_modules") ? "libraries" : undefined),
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["auth", "me", "users", "orders", "positions", "pnl", "limits", "denials", "kills", "kill", "rearm",
       "approvals", "reconciliation", "strategies", "backtests", "engines", "journal", "tca", "reference",
       "market", "now", "mode", "audit", "live", "ready", "stream", "openapi.json"]
        .map((path) => [`/${path}`, { target: "http://127.0.0.1:8440", ws: path === "stream" }]),
    ),
  },
});
