#!/usr/bin/env node
// Starts the command on a Node.js that is new enough: this one, or the one that `npm ci` put into the repository.
// Older Node.js versions must be able to read this file: nothing newer than ES2018 and `import()`, no static import.
const MINIMUM = [24, 7]

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
}

function fail(message, remedy) {
  process.stderr.write(`error: ${message}\n  ${remedy}\n`)
  process.exit(1)
}

function failTooOld() {
  fail(
    `talos needs Node.js ${MINIMUM.join('.')} or later, this is ${process.versions.node}`,
    'Run npm ci in the repository, which brings the right one, or install a newer Node.js.',
  )
}

function start() {
  import('../dist/main.js').catch((error) => {
    const isUnbuilt = error && error.code === 'ERR_MODULE_NOT_FOUND' && /dist.main\.js/.test(String(error.message))
    if (isUnbuilt) fail('talos is not built', 'Run npm run build in the repository.')
    throw error
  })
}

// The first node_modules/.bin/node above this file, unless it is the one that runs now.
function findOwnNode(fs, path) {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  let folder = path.dirname(fs.realpathSync(process.argv[1]))
  for (;;) {
    const candidate = path.join(folder, 'node_modules', '.bin', name)
    if (fs.existsSync(candidate) && fs.realpathSync(candidate) !== fs.realpathSync(process.execPath)) return candidate
    if (folder === path.dirname(folder)) return undefined
    folder = path.dirname(folder)
  }
}

function startOn(node, childProcess) {
  const child = childProcess.spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) {
    // From a terminal, Ctrl-C reaches the child as well; this process only waits for it to end.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', failTooOld)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const name of signals) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

if (isNewEnough(process.versions.node)) {
  start()
} else {
  Promise.all([import('node:fs'), import('node:path'), import('node:child_process')]).then(
    ([fs, path, childProcess]) => {
      const node = findOwnNode(fs, path)
      if (node === undefined) failTooOld()
      else startOn(node, childProcess)
    },
    failTooOld,
  )
}
