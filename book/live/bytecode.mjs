// Compile, in the Pyodide that will run in the page, the modules that a first use of the book imports.
// In: the folder of the distribution, the packages to load, the Python to run. Out: a zip of .pyc files.
// Without it the page spends seconds on compiling numpy, matplotlib and IPython at every visit.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, out, packages, firstUse] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")).href);
const python = await loadPyodide({ indexURL: resolve(folder) + "/", packages: packages.split(","), stdout() {}, stderr() {} });
await python.runPythonAsync(firstUse);
const zip = await python.runPythonAsync(`
import importlib.util, io, py_compile, site, sys, zipfile
root = site.getsitepackages()[0] + "/"
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    for file in sorted({getattr(m, "__file__", None) or "" for m in list(sys.modules.values())}):
        if file.startswith(root) and file.endswith(".py"):
            # "Unchecked": unpacking gives the source another time stamp than it has here.
            made = py_compile.compile(file, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
            archive.write(made, importlib.util.cache_from_source(file)[len(root):])
buffer.getvalue()
`);
writeFileSync(out, zip.toJs());
