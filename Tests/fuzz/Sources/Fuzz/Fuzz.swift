// SPDX-License-Identifier: Apache-2.0
import CFuzzer
import Glibc

@testable import Notes
@testable import Provenance

/// What is given bytes. Each stops the process where what it read is not what was there.
enum Target: String, CaseIterable {
  case stamp, log, session, ledger, note, legacy, proc

  func read(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .stamp: readStamp(bytes)
    case .log: readLog(bytes)
    case .session: readSession(bytes)
    case .ledger: readLedger(bytes)
    case .note: readNote(bytes)
    case .legacy: readLegacy(bytes)
    case .proc: readProc(bytes)
    }
  }
}

/// PROVFS_FUZZ names the target: the arguments are libFuzzer's.
private let target: Target = {
  let name = getenv("PROVFS_FUZZ").map { String(cString: $0) } ?? ""
  guard let target = Target(rawValue: name) else {
    fatalError("PROVFS_FUZZ is none of \(Target.allCases.map(\.rawValue))")
  }
  return target
}()

@main struct Fuzz {
  static func main() throws {
    if CommandLine.arguments == [CommandLine.arguments[0], "seed"] {
      let seed = try target.seed()
      precondition(write(STDOUT_FILENO, seed, seed.count) == seed.count)
      return
    }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        target.read(UnsafeRawBufferPointer(start: start, count: count))
        return 0
      })
  }
}

private func readStamp(_ bytes: UnsafeRawBufferPointer) {
  guard let stamp = try? Stamp(bytes) else { return }
  precondition(stamp.encoded.elementsEqual(bytes))
}

private func readLog(_ bytes: UnsafeRawBufferPointer) {
  guard var log = try? StampLog(bytes) else { return }
  precondition(log.encoded.elementsEqual(bytes))
  guard let oldest = log.entries.last else { return }
  log.push(oldest)
  log.append(log.entries, after: oldest)
  precondition(log.entries.first == oldest && log.entries.count <= StampLog.capacity)
}

private func readSession(_ bytes: UnsafeRawBufferPointer) {
  guard let record = try? SessionRecord(bytes) else { return }
  precondition(record.encoded.elementsEqual(bytes))
}

private func readLedger(_ bytes: UnsafeRawBufferPointer) {
  guard let entry = LedgerEntry(bytes) else { return }
  precondition(entry.encoded.elementsEqual(bytes))
}

private func readNote(_ bytes: UnsafeRawBufferPointer) {
  let text = Array(bytes)
  let note = ProvenanceNote(text)
  let merged = ProvenanceNote.merging(text, with: note.records)
  precondition(ProvenanceNote.merging(merged, with: note.records) == merged)
  let again = ProvenanceNote(merged)
  precondition(Set(again.records) == Set(note.records))
  for record in note.records {
    precondition(ProvenanceNote(merged, about: record.path).records.contains(record))
  }
}

private func readLegacy(_ bytes: UnsafeRawBufferPointer) {
  let fields = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    .map(Array.init)
  let stamp = LegacyStamp(
    session: fields[0], time: fields.dropFirst().first, history: fields.dropFirst(2).first)
  precondition(stamp.text == fields[0])
}

private func readProc(_ bytes: UnsafeRawBufferPointer) {
  if let status = TaskStatus(bytes) { precondition(status.process > 0 && status.depth >= 0) }
  let mounts = MountTable(text: Array(bytes))
  for point in mounts.mountpoints(type: "ext4") { precondition(point.count <= bytes.count) }
}
