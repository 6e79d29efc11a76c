// Checks JSON Feed files against the schema of jsonfeed-schema.
//   node jsonfeed-check.mjs MODULES FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(resolve(modules, "x.js"));
const Ajv = require("ajv").default;
const formats = require("ajv-formats").default;
const schema = require("jsonfeed-schema/schema-v1.1.json");

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
const validate = ajv.compile(schema);
let bad = files.length === 0;
for (const file of files) {
  if (validate(JSON.parse(readFileSync(file, "utf8")))) {
    console.log(`${file}: valid`);
    continue;
  }
  bad = true;
  for (const e of validate.errors) console.error(`${file}: ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}
process.exit(bad ? 1 : 0);
