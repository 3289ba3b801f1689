// What a compiled executable begins with. The program lies beside it at the path that it has in the project, so that what
// it looks for relative to itself (the dashboard, package.json, the program of a worker) is where it always is.
await import(new URL('bin/executable/program.js', import.meta.url).href);
