// What perch gives each branch arrives in the environment; without it these are Node-RED's own values.
const path = require('path');
const userDir = process.env.BUCKET_DIR || path.join(__dirname, '.node-red');

module.exports = {
  uiHost: process.env.HOST || '127.0.0.1',
  uiPort: process.env.PORT || 1880,
  userDir,
  flowFile: path.join(userDir, 'flows.json'),  // a bare name would mean the code's folder, which is read-only here
  // For flows that hold no credentials worth keeping. Otherwise name one under `secrets:` in perch.yaml.
  credentialSecret: process.env.CREDENTIAL_SECRET || 'preview',
  telemetry: { enabled: false },
  editorTheme: { page: { title: process.env.PERCH_BRANCH || 'Node-RED' }, header: { title: process.env.PERCH_BRANCH || 'Node-RED' }, tours: false },
};
