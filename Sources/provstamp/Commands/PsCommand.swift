// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance
import SystemPackage

struct PsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "Show the sessions that run, with their processes.",
    discussion: """
      One line for each session: its id, its name or else its intent, whether it runs or how its \
      command ended, how long ago it was started, its user, its command, its processes. With --all, \
      sessions that have ended too: those of root, where you may read them, and your own.

      That a session runs, the kernel or its leader proves. All else is what its starter wrote into \
      the ledger, or what somebody with his rights put there: it proves nothing.

      Elsewhere than at a terminal fields are parted by tabs, with ids and times in full.

      EXAMPLES
        provstamp ps
        provstamp ps --all --json | jq -r 'select(.type == "account") | .session'

      EXIT STATUS
        0 if there is a session, 1 if not, 2 on trouble.
      """)

  @Flag(name: [.short, .long], help: "Sessions that have ended, too.")
  var all = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let sink = Sink()
    let diagnostics = Diagnostics()
    let processes: SessionProcesses
    do throws(Errno) {
      processes = try SessionProcesses()
    } catch {
      diagnostics.trouble("/proc: \(error); way out: mount it; sessions cannot be told without it")
      throw ExitCode.trouble
    }
    let accounts = Self.accounts(withEnded: all, processes)
    var buffer = ByteBuffer()
    if output.json {
      var json = JSONWriter()
      for account in accounts { account.appendJSON(processes.members[account.id] ?? [], to: &json) }
      json.line("summary") { json in
        json.field("sessions", accounts.count)
        json.field("running", accounts.count { $0.live != nil })
        json.field("unknown_processes", processes.unknown)
      }
      buffer = json.buffer
    } else {
      SessionTable(style: Style(output, sink: sink)).append(accounts, processes, to: &buffer)
    }
    sink.flush(&buffer)
    if processes.unknown > 0 && !output.json {
      diagnostics.note(
        "of \(processes.unknown) processes it cannot be told whether they are in one")
    }
    if accounts.isEmpty { throw ExitCode.negative }
  }

  /// The latest first.
  private static func accounts(
    withEnded: Bool, _ processes: SessionProcesses
  ) -> [SessionAccount] {
    let entries = Dictionary(
      KnownSessions.all().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let running = Set(LiveSessions.all.keys).union(processes.members.keys)
    let ids = withEnded ? running.union(entries.keys) : running
    return ids.map { SessionAccount($0, entries[$0]) }.sorted {
      ($1.started ?? 0, $0.id.description) < ($0.started ?? 0, $1.id.description)
    }
  }
}

extension SessionAccount {
  fileprivate func appendJSON(_ processes: [SessionProcesses.Process], to json: inout JSONWriter) {
    json.line("account") { json in
      appendFields(to: &json)
      json.field("processes", array: processes) { json, process in
        json.object { json in
          json.field("pid", process.pid)
          json.field("comm", bytes: process.comm.bytes, exactly: "comm_bytes")
        }
      }
    }
  }
}

/// Sessions as text: in columns at a terminal, the command last and cut to its width; else by tabs.
struct SessionTable {
  let style: Style
  let now = Clock.realTime

  /// Longest name, and longest list of processes, that a column has room for.
  private static let widestLabel = 24
  private static let widestList = 28

  func append(
    _ accounts: [SessionAccount], _ processes: SessionProcesses, to buffer: inout ByteBuffer
  ) {
    let rows = accounts.map { row($0, processes.members[$0.id] ?? []) }
    guard style.isTerminal else {
      for row in rows { buffer.append(row.joined(separator: "\t") + "\n") }
      return
    }
    let limits = [8, Self.widestLabel, 12, 12, 16, Self.widestList]
    let widths = limits.enumerated().map { index, limit in
      min(limit, rows.map(\.[index].count).max() ?? 0)
    }
    for row in rows {
      let columns = zip(row, widths).map { Columns.fitted($0, to: $1) } + row.suffix(1)
      let line = columns.joined(separator: "  ")
      buffer.append(Columns.cut(line, to: Terminal.width) + "\n")
    }
  }

  private func row(_ account: SessionAccount, _ processes: [SessionProcesses.Process]) -> [String] {
    let names = processes.map { "\(Escaping.text($0.comm.bytes))[\($0.pid)]" }
    let label = account.entry?.name?.description ?? account.intent?.description
    return [
      style.session(account.id), label.map { Escaping.text($0.utf8) } ?? "-", account.state,
      account.started.map { style.isTerminal ? Age.text($0, now: now) : style.time($0) } ?? "-",
      account.uid.map(UserNames.display) ?? "-",
      names.isEmpty ? "-" : names.joined(separator: ","),
      account.commandText.isEmpty ? "-" : account.commandText,
    ]
  }
}
