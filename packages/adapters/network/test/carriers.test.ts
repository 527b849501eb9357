import { MemoryNetwork, memoryCarrier } from '@talos/network'
import type { Carrier, CarrierConnection } from '@talos/ports'
import { carrierCompliance } from '@talos/testkit'
import { seedOf, spawnPeer, tlsOf } from './fixtures.ts'

carrierCompliance('tls', async () => {
  const dialer = tlsOf(1)
  const listener = tlsOf(2)
  return {
    dialer,
    dialerKey: dialer.transportKey,
    listener,
    listenerKey: listener.transportKey,
    anyEndpoint: 'tls://127.0.0.1:0',
    deadEndpoint: 'tls://127.0.0.1:1',
    malformedEndpoints: [
      '',
      'tls:',
      'tcp://127.0.0.1:1',
      'tls://127.0.0.1',
      'tls://127.0.0.1:65536',
      'tls://[::g]:1',
      'tls://a@b:1',
      'tls://a:1/x',
    ],
    peerDeath: async () => {
      const peer = await spawnPeer()
      const connection = await dialer.dial(peer.endpoint, { remoteTransportKey: listener.transportKey })
      return { connection, kill: peer.kill }
    },
    close: async () => undefined,
  }
})

carrierCompliance('memory', async () => {
  const network = new MemoryNetwork()
  const dialer = memoryCarrier({ network, transportKey: seedOf(1) })
  const listener = memoryCarrier({ network, transportKey: seedOf(2) })
  return {
    dialer,
    dialerKey: dialer.transportKey,
    listener,
    listenerKey: listener.transportKey,
    anyEndpoint: 'memory://any',
    deadEndpoint: 'memory://nobody',
    malformedEndpoints: ['', 'memory:', 'tls://127.0.0.1:1', 'memory://', 'memory://A', `memory://${'a'.repeat(65)}`],
    peerDeath: () => memoryDeath({ network, dialer, listener }),
    close: async () => network.sever(),
  }
})

async function memoryDeath(parts: { network: MemoryNetwork; dialer: Carrier; listener: Carrier }) {
  const onConnection = (far: CarrierConnection) => {
    void (async () => {
      for await (const chunk of far.incoming) if (chunk.length === 0) return
    })().catch(() => undefined)
  }
  const listening = await parts.listener.listen('memory://mortal', { onConnection })
  const connection = await parts.dialer.dial(listening.endpoints[0] ?? '', { remoteTransportKey: seedOf(2) })
  return { connection, kill: async () => parts.network.sever() }
}
