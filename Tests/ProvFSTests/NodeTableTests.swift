// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage
import Testing

@testable import ProvFS

/// A directory with files in it, and a table over it without file handles, as an ordinary user has.
private final class Source {
  let path: String
  let table: NodeTable

  init(limit: Int = 1000) throws {
    var template = Array("/var/tmp/provfs-table.XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
    table = try NodeTable(
      source: try valueOrErrno(prov_openat(AT_FDCWD, path, CInt(PROV_O_PATH), 0)),
      usesHandles: false, limits: DescriptorLimits(limit: limit))
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  private var names: [String] = []

  func make(_ name: String) throws {
    close(try valueOrErrno(prov_openat(AT_FDCWD, "\(path)/\(name)", O_CREAT | O_WRONLY, 0o600)))
    names.append(name)
  }

  func adopt(_ name: String) throws(Errno) -> NodeReference {
    let descriptor = try valueOrErrno(
      prov_openat(AT_FDCWD, "\(path)/\(name)", CInt(PROV_O_PATH), 0))
    var attributes = statx()
    _ = prov_statx(
      descriptor, "", CInt(PROV_AT_EMPTY_PATH), NodeTable.statMask, &attributes)
    return try table.adopt(descriptor, attributes, parent: table.root, name: name)
  }
}

@Suite struct NodeTableTests {
  @Test func oneInodeIsOneNode() throws {
    let source = try Source()
    try source.make("a")
    let first = try source.adopt("a")
    let second = try source.adopt("a")
    #expect(first == second)
    #expect(first.pointer.pointee.lookups == 2)
    #expect(source.table.openDescriptors.load(ordering: .relaxed) == 1)
  }

  @Test func aNodeIsFreedWithItsLastLookup() throws {
    let source = try Source()
    try source.make("a")
    let node = try source.adopt("a")
    _ = try source.adopt("a")
    source.table.forget(node, 1)
    #expect(source.table.all().contains(node))
    source.table.forget(node, 1)
    // all() has added one lookup to each.
    source.table.forget(node, 1)
    #expect(!source.table.all().contains(node))
    #expect(source.table.openDescriptors.load(ordering: .relaxed) == 0)
  }

  @Test func theRootIsNeverForgotten() throws {
    let source = try Source()
    source.table.forget(source.table.root, .max)
    #expect(source.table.all() == [source.table.root])
    #expect(source.table.node(fuse_ino_t(FUSE_ROOT_ID)) == source.table.root)
  }

  @Test func manyNodesStayApart() throws {
    let source = try Source(limit: 10_000)
    let names = (0..<2000).map { "f\($0)" }
    for name in names { try source.make(name) }
    let nodes = try names.map { name throws(Errno) in try source.adopt(name) }
    #expect(Set(nodes.map(\.id)).count == names.count)
    for (name, node) in zip(names, nodes) { #expect(try source.adopt(name) == node) }
    for node in nodes { source.table.forget(node, 2) }
    #expect(source.table.all() == [source.table.root])
  }

  @Test func withoutHandlesDescriptorsAreLimited() throws {
    let source = try Source(limit: 400)
    let names = (0..<400).map { "f\($0)" }
    for name in names { try source.make(name) }
    var nodes: [NodeReference] = []
    for name in names.prefix(source.table.limits.hard) { nodes.append(try source.adopt(name)) }
    #expect(throws: Errno.tooManyOpenFilesInSystem) { try source.adopt(names.last!) }
    // One that is forgotten makes room for another.
    source.table.forget(nodes.removeLast(), 1)
    nodes.append(try source.adopt(names.last!))
    for node in nodes { source.table.forget(node, 1) }
  }

  @Test func anUnlinkedFileKeepsItsNodeAndANewOneGetsAnother() throws {
    let source = try Source()
    try source.make("a")
    let old = try source.adopt("a")
    unlink("\(source.path)/a")
    try source.make("a")
    let new = try source.adopt("a")
    #expect(old != new)
    let links = try source.table.withDescriptor(old) { descriptor throws(Errno) in
      var attributes = statx()
      _ = try valueOrErrno(
        prov_statx(descriptor, "", CInt(PROV_AT_EMPTY_PATH), NodeTable.statMask, &attributes))
      return attributes.stx_nlink
    }
    #expect(links == 0)
    source.table.forget(old, 1)
    source.table.forget(new, 1)
  }
}
