// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance
import SystemPackage

/// One run of a command that looks at files one by one, in the order in which they were named.
final class FileSession {
  let diagnostics = Diagnostics()
  let sink = Sink()
  let style: Style
  let isJSON: Bool
  var buffer = ByteBuffer()
  var json = JSONWriter()

  init(_ operands: Operands, _ output: OutputOptions) {
    style = Style(operands, output, sink: sink)
    isJSON = output.json
  }

  /// Calls `body` with the file; what it throws is reported.
  func withFile(_ path: [UInt8], _ body: (FileReference) throws(Errno) -> Void) {
    guard !path.isEmpty, !path.contains(0) else {
      diagnostics.report(path, .noSuchFileOrDirectory, doing: "cannot read its stamp")
      return
    }
    (path + [0]).withUnsafeBufferPointer { terminated in
      terminated.withMemoryRebound(to: CChar.self) { name in
        guard let start = name.baseAddress else { return }
        do throws(Errno) {
          try body(FileReference(directory: AT_FDCWD, name: start))
        } catch {
          diagnostics.report(path, error, doing: "cannot read its stamp")
        }
      }
    }
    flush()
  }

  func print(_ record: FileRecord) {
    if isJSON { record.appendJSON(to: &json) } else { record.appendText(style, to: &buffer) }
  }

  private func flush() {
    sink.flush(&buffer)
    sink.flush(&json.buffer)
  }

  /// Ends the run with the exit status that the contract of all commands gives.
  func finish(isPositive: Bool) throws {
    flush()
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    if !isPositive { throw ExitCode.negative }
  }
}
