// Runs in node: boots the Pyodide of a folder and lets compile_zip.py compile the zips named in a job file.
// Arguments: <folder with pyodide.mjs> <compile_zip.py> <job.json: {zips: [{source, target, root, beside}]}>.
// Prints one line "done <target>" for each zip. Does not fetch anything.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, script, jobPath] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobPath, "utf8"));
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: folder });
pyodide.runPython(readFileSync(script, "utf8"));
const compileZip = pyodide.globals.get("compile_zip");
for (const { source, target, root, beside } of job.zips) {
  pyodide.FS.writeFile("/in.zip", new Uint8Array(readFileSync(source)));
  compileZip("/in.zip", "/out.zip", root, beside);
  writeFileSync(target, pyodide.FS.readFile("/out.zip"));
  console.log(`done ${target}`);
}
compileZip.destroy();
