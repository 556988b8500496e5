// Runs in node: boots the Pyodide of a folder and writes what its start imports, and what every module imports.
// Arguments: <folder with pyodide.mjs> <job.json: {script: path of imports.py, zips: paths of zips with sources,
// groups: numpy's modules to import one by one, target: path of the JSON to write}>. Does not fetch anything.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, jobPath] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobPath, "utf8"));
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: folder, packages: ["numpy"], messageCallback: () => {} });
const LIST = "import sys; list(sys.modules)";
const listed = () => pyodide.runPython(LIST).toJs();
const importNew = (module) => {
  const before = new Set(listed());
  pyodide.runPython(`import ${module}`);
  return listed().filter((name) => !before.has(name));
};
pyodide.runPython("import numpy");
const boot = listed();
const groups = Object.fromEntries(job.groups.map((module) => [module, importNew(module)]));
pyodide.runPython(readFileSync(job.script, "utf8"));
job.zips.forEach((path, index) => pyodide.FS.writeFile(`/${index}.zip`, new Uint8Array(readFileSync(path))));
const sources = pyodide.runPython(`read_zips([${job.zips.map((_, index) => `"/${index}.zip"`)}])`);
writeFileSync(job.target, JSON.stringify({ boot, groups, sources: JSON.parse(sources) }));
