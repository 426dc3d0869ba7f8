// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The ioctls that mean the same on every filesystem and touch nothing but the file; all others are
/// refused as a file without ioctls does.
func provfsIoctl(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ command: UInt32, _ argument: UnsafeMutableRawPointer?,
  _ info: UnsafeMutablePointer<fuse_file_info>?, _ flags: UInt32, _ input: UnsafeRawPointer?,
  _ inputSize: Int, _ outputSize: Int
) {
  serve(raw) { request throws(Errno) in
    guard flags & UInt32(FUSE_IOCTL_COMPAT) == 0, let known = FileIoctl(command) else {
      throw Errno(rawValue: ENOTTY)
    }
    let descriptor =
      flags & UInt32(FUSE_IOCTL_DIR) != 0
      ? OpenDirectory.reference(info)?.pointee.descriptor
      : try OpenFileReference(info).map { file throws(Errno) in try request.descriptor(file) }
    guard let descriptor else { throw .badFileDescriptor }
    try known.run(request, descriptor, request.node(id), input, inputSize, outputSize)
  }
}

private struct FileIoctl {
  let command: UInt32
  /// Bytes of the argument that are really used: some are declared as `long` and are an `int`.
  let size: Int
  let writes: Bool

  init?(_ command: UInt32) {
    self.command = command
    switch command {
    case UInt32(PROV_FS_IOC_GETFLAGS), UInt32(PROV_FS_IOC_GETVERSION): (size, writes) = (4, false)
    case UInt32(PROV_FS_IOC_SETFLAGS): (size, writes) = (4, true)
    case UInt32(PROV_FS_IOC_FSGETXATTR): (size, writes) = (28, false)
    case UInt32(PROV_FS_IOC_FSSETXATTR): (size, writes) = (28, true)
    default: return nil
    }
  }

  func run(
    _ request: Request, _ descriptor: CInt, _ node: NodeReference, _ input: UnsafeRawPointer?,
    _ inputSize: Int, _ outputSize: Int
  ) throws(Errno) {
    try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { argument throws(Errno) in
      argument.initializeMemory(as: UInt8.self, repeating: 0)
      if writes {
        guard let input, inputSize >= size else { throw .invalidArgument }
        argument.copyMemory(from: UnsafeRawBufferPointer(start: input, count: size))
      } else {
        guard outputSize >= size, outputSize <= argument.count else { throw .invalidArgument }
      }
      var result: CInt = 0
      let run = { () throws(Errno) in
        result = try request.asCaller { () throws(Errno) in
          try valueOrErrno(prov_ioctl(descriptor, UInt(command), argument.baseAddress))
        }
      }
      if writes { try request.view.stamper.keepContent(node, run) } else { try run() }
      fuse_reply_ioctl(
        request.raw, result, argument.baseAddress, writes ? 0 : outputSize)
    }
  }
}
