// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Puts hooks in place and takes them away. Whoever changes a hook runs what is in it: root does not
/// change those of another's repository, where links may lead anywhere.
struct HookInstaller {
  private let place: HookPlace

  /// - Throws: that the repository is not this user's.
  init(_ place: HookPlace) throws(GitFailure) {
    guard place.git.runsAsThisUser else {
      throw GitFailure(
        "\(Escaping.text(place.directory)): another user's repository; way out: run this as its owner, "
          + "for instance: sudo -u OWNER provstamp git install-hook")
    }
    self.place = place
  }

  static func look(_ hook: Hook, _ place: HookPlace) throws(GitFailure) -> InstalledHook {
    do throws(Errno) {
      return try InstalledHook(hook, in: place)
    } catch {
      throw failure(place.path(of: hook), "cannot be read", error)
    }
  }

  /// - Returns: what was done, in words.
  func install(_ hook: Hook) throws(GitFailure) -> String {
    let installed = try Self.look(hook, place)
    let path = Escaping.text(installed.path)
    var said = "\(path): installed"
    switch installed.state {
    case .absent: break
    case .provstamp: said = "\(path): renewed"
    case .edited:
      throw GitFailure(
        "\(path): provstamp's hook, changed since it was installed; way out: move it away, then "
          + "`provstamp git install-hook \(hook.rawValue)`")
    case .other:
      guard !installed.hasBefore else {
        throw GitFailure(
          "\(path): a hook of somebody else's, and \(Escaping.text(installed.pathBefore)) is there too; "
            + "way out: remove the one that is not wanted")
      }
      said += "; what was there runs first, as \(Escaping.text(installed.pathBefore))"
    }
    try put(installed)
    if hook == .recordCommits { try configureNotes() }
    return said
  }

  private func put(_ installed: InstalledHook) throws(GitFailure) {
    var isMoved = false
    do throws(Errno) {
      let script = HookScript(installed.hook, program: try Self.ownProgram())
      _ = withCPath(place.directory) { mkdir($0, 0o777) }
      if case .other = installed.state {
        let error = WholeFile.rename(installed.path, to: installed.pathBefore)
        if error != 0 { throw Errno(rawValue: error) }
        isMoved = true
      }
      try WholeFile.replace(installed.path, with: script.bytes)
    } catch {
      if isMoved { _ = WholeFile.rename(installed.pathBefore, to: installed.path) }
      throw Self.failure(installed.path, "cannot be installed", error)
    }
  }

  /// - Returns: what was done, in words; nil where there was nothing of provstamp's.
  func remove(_ hook: Hook) throws(GitFailure) -> String? {
    let installed = try Self.look(hook, place)
    let path = Escaping.text(installed.path)
    switch installed.state {
    case .absent, .other: return nil
    case .edited:
      throw GitFailure(
        "\(path): provstamp's hook, changed since it was installed; way out: remove it by hand")
    case .provstamp: break
    }
    let error =
      installed.hasBefore
      ? WholeFile.rename(installed.pathBefore, to: installed.path)
      : withCPath(installed.path) { unlink($0) == 0 ? 0 : errno }
    guard error == 0 else {
      throw Self.failure(installed.path, "cannot be removed", Errno(rawValue: error))
    }
    if hook == .recordCommits { try forgetNotes() }
    return "\(path): removed" + (installed.hasBefore ? "; what was there before is back" : "")
  }

  private func configureNotes() throws(GitFailure) {
    let refs = try place.git.value(["config", "-z", "--get-all", "notes.rewriteRef"]) ?? []
    if !refs.split(separator: 0).contains(where: { $0.elementsEqual(NoteStore.ref.utf8) }) {
      _ = try place.git.output(["config", "--add", "notes.rewriteRef", NoteStore.ref])
    }
    _ = try place.git.output(["config", NoteStore.mergeKey, "cat_sort_uniq"])
  }

  private func forgetNotes() throws(GitFailure) {
    // Status 5: there is no such setting.
    for words in [
      ["config", "--fixed-value", "--unset-all", "notes.rewriteRef", NoteStore.ref],
      ["config", "--unset-all", NoteStore.mergeKey],
    ] {
      try place.git.start(words).finish(accepting: [0, 5])
    }
  }

  /// The path of this program, which the hook is to run.
  private static func ownProgram() throws(Errno) -> [UInt8] {
    var error: CInt = 0
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count)
    error = count < 0 ? errno : 0
    if error != 0 { throw Errno(rawValue: error) }
    return path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
  }

  private static func failure(_ path: [UInt8], _ what: String, _ error: Errno) -> GitFailure {
    GitFailure(
      "\(Escaping.text(path)): \(what): \(error); way out: ask as the repository's owner, where there is "
        + "room and writing is allowed")
  }
}
