// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

func provfsGetattr(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let node = request.node(id)
    // Setting a stamp moves ctime: what is pending is stamped before anybody remembers a ctime.
    let settling = request.view.stamper.settleForReader(node, readsStamp: false)
    request.asDaemon()
    if case .settled(let attributes) = settling {
      try request.reply(attributesOf: node, attributes)
    } else {
      try request.reply(attributesOf: node)
    }
  }
}

func provfsSetattr(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ attributes: UnsafeMutablePointer<stat>?,
  _ changed: CInt, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let node = request.node(id)
    let changes = AttributeChanges(attributes: attributes!.pointee, set: changed)
    let file = OpenFileReference(info)
    // The author's change of content comes first, as in the kernel's own order for truncate(2).
    if let length = changes.length {
      try request.truncate(node, file, to: length)
    }
    if changes.hasMetadata {
      try request.view.stamper.keepContent(node, setsTimes: changes.setsTimes) { () throws(Errno) in
        request.asDaemon()
        try request.table.withDescriptor(node) { descriptor throws(Errno) in
          try request.asCaller { () throws(Errno) in try changes.apply(descriptor) }
        }
      }
    }
    request.asDaemon()
    try request.reply(attributesOf: node)
  }
}

func provfsReadlink(_ raw: fuse_req_t?, _ id: fuse_ino_t) {
  serve(raw) { request throws(Errno) in
    let buffer = request.worker.pointee.scratch
    let target = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
    let count = try request.table.withDescriptor(request.node(id)) { descriptor throws(Errno) in
      try valueOrErrno(prov_readlink_fd(descriptor, target, buffer.count - 1))
    }
    target[count] = 0
    fuse_reply_readlink(request.raw, target)
  }
}

func provfsStatfs(_ raw: fuse_req_t?, _ id: fuse_ino_t) {
  serve(raw) { request throws(Errno) in
    var filesystem = statvfs()
    try request.table.withDescriptor(request.node(id)) { descriptor throws(Errno) in
      _ = try valueOrErrno(prov_fstatvfs(descriptor, &filesystem))
    }
    fuse_reply_statfs(request.raw, &filesystem)
  }
}

/// What a SETATTR request asks for, other than by whom.
private struct AttributeChanges {
  let attributes: stat
  let set: CInt

  private func asks(_ flag: CInt) -> Bool { set & flag != 0 }

  var length: off_t? { asks(FUSE_SET_ATTR_SIZE) ? attributes.st_size : nil }

  var setsTimes: Bool { asks(FUSE_SET_ATTR_MTIME) }

  var hasMetadata: Bool {
    asks(
      FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID | FUSE_SET_ATTR_ATIME
        | FUSE_SET_ATTR_MTIME)
  }

  func apply(_ descriptor: CInt) throws(Errno) {
    if asks(FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID) {
      let unchanged = UInt32.max
      _ = try valueOrErrno(
        prov_chown_fd(
          descriptor, asks(FUSE_SET_ATTR_UID) ? attributes.st_uid : unchanged,
          asks(FUSE_SET_ATTR_GID) ? attributes.st_gid : unchanged))
    }
    if asks(FUSE_SET_ATTR_MODE) {
      _ = try valueOrErrno(prov_chmod_fd(descriptor, attributes.st_mode & ~S_IFMT))
    }
    if asks(FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME) {
      try withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times throws(Errno) in
        times.initializeElement(
          at: 0, to: time(FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, attributes.st_atim))
        times.initializeElement(
          at: 1, to: time(FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, attributes.st_mtim))
        _ = try valueOrErrno(prov_utimens_fd(descriptor, times.baseAddress))
      }
    }
  }

  private func time(_ flag: CInt, _ now: CInt, _ value: timespec) -> timespec {
    guard asks(flag) else { return timespec(tv_sec: 0, tv_nsec: Int(PROV_UTIME_OMIT)) }
    guard !asks(now) else { return timespec(tv_sec: 0, tv_nsec: Int(PROV_UTIME_NOW)) }
    return value
  }
}

extension Request {
  /// - Parameter known: the attributes, where they were just looked at.
  func reply(attributesOf node: NodeReference, _ known: statx? = nil) throws(Errno) {
    let attributes =
      if let known {
        known
      } else {
        try table.withDescriptor(node) { descriptor throws(Errno) in
          try view.attributes(descriptor)
        }
      }
    var shown = view.shown(node, attributes)
    fuse_reply_attr(raw, &shown, view.attributeTimeout(node))
  }

  fileprivate func truncate(
    _ node: NodeReference, _ file: OpenFileReference?, to length: off_t
  ) throws(Errno) {
    try change(node, by: view.author(caller)) { () throws(Errno) in
      if let file, file.pointer.pointee.isWritable {
        try asCaller { () throws(Errno) in
          _ = try valueOrErrno(prov_ftruncate(descriptor(file), length))
        }
      } else {
        try table.withDescriptor(node) { descriptor throws(Errno) in
          try asCaller { () throws(Errno) in
            _ = try valueOrErrno(prov_truncate_fd(descriptor, length))
          }
        }
      }
    }
    // truncate(2) by path opens nothing: no FLUSH will follow that would settle it.
    if file == nil { view.stamper.settle(node) }
  }
}
