// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ProvFS

private func options(_ words: String...) throws(UsageError) -> Options {
  try Options(words.map { Options.Path($0.utf8) })
}

private func mountOptions(_ options: Options) -> [String] {
  options.mount.map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct OptionsTests {
  @Test func sourceAndMountpointInAnyPlace() throws {
    for words in [["-f", "src", "mnt"], ["src", "-f", "mnt"], ["src", "mnt", "-f"]] {
      let options = try Options(words.map { Options.Path($0.utf8) })
      #expect(options.source == Options.Path("src".utf8))
      #expect(options.mountpoint == Options.Path("mnt".utf8))
      #expect(options.staysInForeground)
    }
  }

  @Test func pathsAreBytes() throws {
    let source: Options.Path = [0xff, 0xfe, 0x0a, 0x2c]
    let options = try Options([source, Options.Path("mnt".utf8)])
    #expect(options.source == source)
  }

  @Test func dashesEndTheOptions() throws {
    let options = try options("--", "-f", "-o")
    #expect(options.source == Options.Path("-f".utf8))
    #expect(options.mountpoint == Options.Path("-o".utf8))
    #expect(!options.staysInForeground)
  }

  @Test func ring() throws {
    #expect(try options("a", "b").ring == .auto)
    #expect(try options("a", "b", "-o", "ring=off").ring == .off)
    #expect(try options("a", "b", "-o", "ring=on,passthrough=off").ring == .on)
    for wrong in ["ring", "ring=yes", "ring=ON", "ring="] {
      #expect(throws: UsageError.self) { try options("a", "b", "-o", wrong) }
    }
  }

  @Test func passthroughAndAttribution() throws {
    #expect(try options("a", "b").passthrough == .auto)
    #expect(try !options("a", "b").attributesEachWrite)
    #expect(try options("a", "b", "-o", "passthrough=off").passthrough == .off)
    let exact = try options("a", "b", "-o", "passthrough=on,attribution=exact")
    #expect(exact.passthrough == .on)
    #expect(exact.attributesEachWrite)
    for wrong in ["passthrough", "passthrough=yes", "attribution", "attribution=fast"] {
      #expect(throws: UsageError.self) { try options("a", "b", "-o", wrong) }
    }
  }

  @Test func debuggingStaysInTheForeground() throws {
    #expect(try options("a", "b", "-d").staysInForeground)
    #expect(try options("a", "b", "-o", "debug").staysInForeground)
    #expect(try !options("a", "b").staysInForeground)
  }

  @Test func helpNeedsNoPaths() throws {
    #expect(try options("--help").showsHelp)
    #expect(try options("-V").showsVersion)
  }

  @Test func timeouts() throws {
    let options = try options(
      "a", "b", "-o", "entry_timeout=2.5,attr_timeout=0", "-onegative_timeout=3")
    #expect(options.entryTimeout == 2.5)
    #expect(options.attributeTimeout == 0)
    #expect(options.negativeTimeout == 3)
  }

  @Test(arguments: [
    "entry_timeout", "entry_timeout=", "attr_timeout=-1", "attr_timeout=nan", "attr_timeout=1e99",
    "negative_timeout=soon", "max_threads=0", "max_threads=1025", "max_threads=many",
  ])
  func badValues(_ option: String) {
    #expect {
      _ = try options("a", "b", "-o", option)
    } throws: { error in
      if case UsageError.badValue = error { true } else { false }
    }
  }

  @Test func whatFstabHoldsForOthersIsIgnored() throws {
    let options = try options(
      "a", "b", "-o",
      "rw,noauto,nofail,_netdev,x-systemd.automount,x-gvfs-show,user,defaults,comment=view")
    #expect(mountOptions(options) == ["rw"])
  }

  @Test func mountOptionsKeepTheirOrderAndTheirCommas() throws {
    let options = try options("a", "b", "-o", #"ro,fsname=a\,b\\,noexec"#, "-o", "nosuid")
    #expect(mountOptions(options) == ["ro", #"fsname=a\,b\\"#, "noexec", "nosuid"])
  }

  @Test func mistakesAreNamed() {
    #expect(throws: UsageError.unknownMountOption("bogus")) {
      try options("a", "b", "-o", "ro,bogus=1")
    }
    #expect(throws: UsageError.unknownOption("--bogus")) { try options("a", "b", "--bogus") }
    #expect(throws: UsageError.missingValue("-o")) { try options("a", "b", "-o") }
    #expect(throws: UsageError.pathCount(0)) { try options() }
    #expect(throws: UsageError.pathCount(1)) { try options("a") }
    #expect(throws: UsageError.pathCount(3)) { try options("a", "b", "c") }
  }

  @Test func everyByteSequenceIsAnsweredWithAValueOrAnError() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let words = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        (0..<Int.random(in: 0...12, using: &generator)).map { _ in
          Bool.random(using: &generator)
            ? Array("-o,=\\fdsx".utf8).randomElement(using: &generator)!
            : UInt8.random(in: 1...255, using: &generator)
        }
      }
      let options = try? Options(words)
      #expect(options.map { $0.showsHelp || $0.showsVersion || $0.mountpoint != nil } ?? true)
    }
  }

  @Test func commasInTheSourceAreEscapedForLibfuse() {
    let path = Options.Path(#"/a,b\c"#.utf8)
    #expect(MountArguments.escaped(path) == Options.Path(#"/a\,b\\c"#.utf8))
  }
}
