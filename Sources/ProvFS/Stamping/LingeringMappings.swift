// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import Synchronization

/// Inodes that are stored to through a mapping whose file is closed: the kernel tells nobody when such
/// a mapping ends. A thread asks until it has.
final class LingeringMappings: Sendable {
  private let table: NodeTable
  private let stamper: Stamper
  private let nodes: Mutex<[NodeReference]>
  private let added = WakeUp()

  /// Microseconds between two rounds.
  private static let interval: UInt32 = 100_000

  init(_ table: NodeTable, _ stamper: Stamper) {
    self.table = table
    self.stamper = stamper
    nodes = Mutex(Self.room())
  }

  /// For as many as are closed in an interval, so that closing seldom allocates.
  private static func room() -> [NodeReference] {
    var room: [NodeReference] = []
    room.reserveCapacity(1024)
    return room
  }

  /// Starts the thread, which works until the process ends.
  func start() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { Unmanaged<LingeringMappings>.fromOpaque($0!).takeUnretainedValue().run() }, context)
  }

  /// Takes over a lookup of the node.
  func add(_ node: NodeReference) {
    nodes.withLock { $0.append(node) }
    added.send()
  }

  private func run() -> Never {
    var asked = Self.room()
    while true {
      added.wait()
      repeat { usleep(Self.interval) } while askAll(&asked)
    }
  }

  /// - Parameter asked: empty; its room changes places with that of the nodes, so that neither is
  ///   allocated again.
  /// - Returns: whether some go on.
  private func askAll(_ asked: inout [NodeReference]) -> Bool {
    nodes.withLock { swap(&$0, &asked) }
    asked.removeAll { node in
      guard stamper.hasEnded(node) else { return false }
      table.forget(node, 1)
      return true
    }
    let goesOn = nodes.withLock { nodes in
      nodes += asked
      return !nodes.isEmpty
    }
    asked.removeAll(keepingCapacity: true)
    return goesOn
  }
}
