// Checks JSON Feed files against the schema of jsonfeed-schema.
//   npm ci --prefix .ci && node .ci/jsonfeed-check.mjs FILE...
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const Ajv = require('ajv').default
const formats = require('ajv-formats').default
const schema = require('jsonfeed-schema/schema-v1.1.json')

const ajv = new Ajv({ strict: false, allErrors: true })
formats(ajv)
const validate = ajv.compile(schema)
let bad = 0
for (const file of process.argv.slice(2)) {
  if (validate(JSON.parse(readFileSync(file, 'utf8')))) {
    console.log(`${file}: valid`)
    continue
  }
  bad++
  for (const e of validate.errors) console.log(`${file}: ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
}
process.exit(bad > 0 ? 1 : 0)
