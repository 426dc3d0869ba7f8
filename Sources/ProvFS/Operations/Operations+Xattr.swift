// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

func provfsGetxattr(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ size: Int
) {
  serve(raw) { request throws(Errno) in
    if strcmp(name!, ViewMode.attributeName.cString) == 0 {
      return try request.replyWithViewMode(size)
    }
    let node = request.node(id)
    let isStamp = StampAttribute.isReserved(name!)
    if isStamp, case .stuck = request.view.stamper.settleForReader(node, readsStamp: true) {
      // What the file says is not the last word, and unknown is true.
      throw Errno(rawValue: ENODATA)
    }
    try request.reply(size) { buffer throws(Errno) in
      // The kernel asks for security.capability before the first write to every file, which is open then.
      try request.view.stamper.withOpenDescriptor(node) { descriptor throws(Errno) in
        let count = try valueOrErrno(
          prov_getxattrat(descriptor, "", name, buffer.baseAddress, buffer.count))
        if isStamp && buffer.count > 0 {
          request.view.showInodes(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), node)
        }
        return count
      }
    }
  }
}

extension View {
  /// Gives the stamps in `value`, one or a log of them, the inode numbers that the view shows: whoever
  /// verifies them compares these.
  fileprivate func showInodes(_ value: UnsafeMutableRawBufferPointer, _ node: NodeReference) {
    let device = node.pointer.pointee.identity.device
    guard device != table.root.pointer.pointee.identity.device,
      value.count.isMultiple(of: Stamp.size)
    else { return }
    for start in stride(from: 0, to: value.count, by: Stamp.size) {
      let entry = UnsafeMutableRawBufferPointer(rebasing: value[start..<start + Stamp.size])
      // What is no stamp is shown as it is.
      guard var stamp = try? Stamp(UnsafeRawBufferPointer(entry)) else { return }
      stamp.inode = shownInode(stamp.inode, on: device)
      stamp.store(into: entry)
    }
  }
}

func provfsListxattr(_ raw: fuse_req_t?, _ id: fuse_ino_t, _ size: Int) {
  serve(raw) { request throws(Errno) in
    let node = request.node(id)
    request.view.stamper.settleForReader(node, readsStamp: true)
    let names = try request.listedNames(node)
    if size == 0 {
      fuse_reply_xattr(request.raw, names.count)
    } else if size < names.count {
      throw Errno(rawValue: ERANGE)
    } else {
      fuse_reply_buf(request.raw, names.baseAddress, names.count)
    }
  }
}

func provfsSetxattr(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ name: UnsafePointer<CChar>?,
  _ value: UnsafePointer<CChar>?, _ size: Int, _ flags: CInt
) {
  serve(raw) { request throws(Errno) in
    if StampAttribute.isReserved(name!) {
      return try request.drop(name!, UnsafeRawBufferPointer(start: value, count: size))
    }
    try request.changeAttribute(id, name!) { descriptor in
      prov_setxattrat(descriptor, "", name, value, size, flags)
    }
  }
}

func provfsRemovexattr(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
  serve(raw) { request throws(Errno) in
    if StampAttribute.isReserved(name!) { return try request.drop(name!, nil) }
    try request.changeAttribute(id, name!) { descriptor in
      prov_removexattrat(descriptor, "", name)
    }
  }
}

extension Request {
  /// Replies with a value, or where `size` is zero with its length alone.
  fileprivate func reply(
    _ size: Int, _ read: (UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  ) throws(Errno) {
    let buffer = worker.pointee.scratch
    let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, buffer.count)])
    let count = try read(wanted)
    if size == 0 {
      fuse_reply_xattr(raw, count)
    } else {
      fuse_reply_buf(raw, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count)
    }
  }

  /// Where this very request has come over io_uring, all do.
  fileprivate func replyWithViewMode(_ size: Int) throws(Errno) {
    let isPassthrough = view.isPassthrough.load(ordering: .relaxed)
    var mode = "passthrough=\(isPassthrough ? "on" : "off")"
    mode += " ring=\(worker.pointee.unanswered != nil ? "on" : "off")"
    mode += " attribution=\(view.settings.attributesEachWrite ? "exact" : "default")"
    guard size == 0 || size >= mode.utf8.count else { throw Errno(rawValue: ERANGE) }
    try reply(size) { buffer throws(Errno) in
      if size > 0 { buffer.copyBytes(from: mode.utf8) }
      return mode.utf8.count
    }
  }

  /// A stamp is nobody's to set or to remove. Programs that copy and unpack files bring stamps along, and
  /// fail, or complain of each file, when they are refused: what they bring is dropped.
  ///
  /// - Parameter value: nil where the attribute is to go.
  /// - Throws: EPERM for whoever could not set such an attribute, and for what is no stamp.
  fileprivate func drop(
    _ name: UnsafePointer<CChar>, _ value: UnsafeRawBufferPointer?
  ) throws(Errno) {
    let isDropped = StampAttribute.allCases.contains { attribute in
      let isStamp = strcmp(name, attribute.name.cString) == 0
      guard isStamp || strcmp(name, attribute.logName.cString) == 0 else { return false }
      guard attribute == .user || caller.uid == 0 else { return false }
      guard let value else { return true }
      return isStamp ? (try? Stamp(value)) != nil : !value.isEmpty && (try? StampLog(value)) != nil
    }
    guard isDropped else { throw .notPermitted }
    reply(error: 0)
  }

  fileprivate func changeAttribute(
    _ id: fuse_ino_t, _ name: UnsafePointer<CChar>, _ change: (CInt) -> CInt
  ) throws(Errno) {
    let node = node(id)
    try view.stamper.keepContent(node) { () throws(Errno) in
      asDaemon()
      try table.withDescriptor(node) { descriptor throws(Errno) in
        try asCaller { () throws(Errno) in _ = try valueOrErrno(change(descriptor)) }
      }
    }
    reply(error: 0)
  }

  /// The names that the caller would see on the source: those under `trusted.` are for privileged
  /// callers, and the daemon, which is one, does not tell others.
  fileprivate func listedNames(_ node: NodeReference) throws(Errno) -> UnsafeBufferPointer<CChar> {
    let buffer = worker.pointee.scratch.bindMemory(to: CChar.self)
    let count = try table.withDescriptor(node) { descriptor throws(Errno) in
      try valueOrErrno(prov_listxattrat(descriptor, "", buffer.baseAddress, buffer.count))
    }
    guard caller.uid != 0 else { return UnsafeBufferPointer(rebasing: buffer[..<count]) }
    var kept = 0
    var next = 0
    while next < count {
      let name = buffer.baseAddress! + next
      let length = strnlen(name, count - next) + 1
      if strncmp(name, "trusted.", 8) != 0 {
        memmove(buffer.baseAddress! + kept, name, length)
        kept += length
      }
      next += length
    }
    return UnsafeBufferPointer(rebasing: buffer[..<kept])
  }
}
