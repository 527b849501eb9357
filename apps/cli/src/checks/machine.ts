/** Checks of what lies under every agent: Node.js, SQLite, the kernel. */
import { chooseKernel, type KernelChoice, selfTest, selfTestArgon2id } from '@talos/kernel'
import { SQLITE_MINIMUM } from '@talos/storage'
import { type Finding, finding } from './finding.ts'

/** As the launcher demands. */
const NODE_MINIMUM = '24.7.0'

export async function checkMachine(): Promise<Finding[]> {
  return [
    await finding('Node.js', () => versionFinding('Node.js', process.versions.node, NODE_MINIMUM)),
    await finding('SQLite', () => versionFinding('SQLite', process.versions['sqlite'] ?? '0', SQLITE_MINIMUM)),
    await finding('kernel', checkKernel),
  ]
}

function versionFinding(name: string, found: string, needed: string): string | Finding {
  if (compareVersions(found, needed) >= 0) return found
  const remedy = 'Use the Node.js that npm ci brings into the repository, or a newer one.'
  return { name, status: 'fail', detail: `${found} is older than ${needed}`, remedy }
}

async function checkKernel(): Promise<Finding> {
  const { kernel, ...choice } = chooseKernel()
  const startMs = performance.now()
  selfTest(kernel)
  await selfTestArgon2id(kernel)
  const selfTestMs = Math.round(performance.now() - startMs)
  const facts = { backend: kernel.name, ...choice, selfTest: 'passed', selfTestMs }
  const detail = `${kernel.name} backend, ${originOf(choice)}, known answers right (${selfTestMs} ms)`
  return { name: 'kernel', status: 'ok', detail, facts }
}

/** Which one it is and why it is that one. */
function originOf({ chosen, version, reason }: Omit<KernelChoice, 'kernel'>): string {
  switch (chosen) {
    case 'missing':
      return `the native one does not serve: ${reason}`
    case 'found':
      return `found, ${version}`
    case 'forced':
      return ['forced by TALOS_KERNEL', version].filter((part) => part !== undefined).join(', ')
  }
}

function compareVersions(one: string, other: string): number {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)]
  for (const [index, part] of right.entries()) {
    const difference = (left[index] ?? 0) - part
    if (difference !== 0) return difference
  }
  return 0
}
