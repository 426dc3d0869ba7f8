// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// A File System Activity of the Open Cybersecurity Schema Framework for each file.
enum OcsfExport {
  private static let version = "1.6.0"
  private static let classID = 1001
  private static let update = (id: 3, name: "Update")
  private static let create = (id: 1, name: "Create")

  static func events(_ report: Report) -> ByteBuffer {
    let host = hostName
    var buffer = ByteBuffer()
    for file in report.files {
      // An event has a time; a stamp of an older form may have none.
      guard let time = file.time else { continue }
      var json = JSONWriter()
      json.object { append(file, time, host, to: &$0) }
      buffer.append(json.buffer.bytes)
      buffer.append("\n")
    }
    return buffer
  }

  private static func append(
    _ file: ReportedFile, _ time: UInt64, _ host: String, to json: inout JSONWriter
  ) {
    // Of a regular file the stamp's time is that of the last change, whoever made it.
    let activity = file.isRegular ? update : create
    json.field("class_uid", classID)
    json.field("class_name", "File System Activity")
    json.field("category_uid", 1)
    json.field("category_name", "System Activity")
    json.field("activity_id", activity.id)
    json.field("activity_name", activity.name)
    json.field("type_uid", classID * 100 + activity.id)
    json.field("type_name", "File System Activity: \(activity.name)")
    json.field("severity_id", 1)
    json.field("severity", "Informational")
    json.field("time", time / 1_000_000)
    json.object("metadata") { json in
      json.field("version", version)
      json.object("product") { json in
        json.field("name", "provstamp")
        json.field("vendor_name", "ProvFS")
        json.field("version", Release.version)
      }
    }
    json.object("device") { json in
      json.field("type_id", 0)
      json.field("hostname", host)
    }
    json.object("actor") { appendActor(file, to: &$0) }
    json.object("file") { appendFile(file, to: &$0) }
    json.object("unmapped") { json in
      json.field("deed", file.deed.rawValue)
      json.field("state", file.record.state.rawValue)
      json.field("trust", file.record.judgement.trust?.rawValue)
      if String(validating: file.path, as: UTF8.self) == nil {
        json.field("path_bytes", JSONWriter.base64(file.path))
      }
    }
  }

  private static func appendActor(_ file: ReportedFile, to json: inout JSONWriter) {
    json.object("process") { json in
      if let comm = file.holding.comm { json.field("name", Escaping.text(comm)) }
      if let pid = file.holding.pid { json.field("pid", pid) }
      if let uid = file.holding.uid {
        json.object("user") { json in
          json.field("uid", "\(uid)")
          json.field("name", UserNames.display(uid))
        }
      }
    }
    if !file.session.isNone {
      json.object("session") { $0.field("uid", file.session.description) }
    }
  }

  private static func appendFile(_ file: ReportedFile, to json: inout JSONWriter) {
    let status = file.record.judgement.status
    let slash = UInt8(ascii: "/")
    json.field("name", bytes: file.path.split(separator: slash).last.map { Array($0) } ?? [slash])
    json.field("path", bytes: file.path)
    json.field("type_id", typeID(status.mode))
    if status.isRegular { json.field("size", status.size) }
    json.field("modified_time", status.mtime / 1_000_000)
  }

  private static func typeID(_ mode: UInt16) -> Int {
    switch mode & 0o170000 {
    case 0o100000: 1
    case 0o040000: 2
    case 0o020000: 3
    case 0o060000: 4
    case 0o140000: 5
    case 0o010000: 6
    case 0o120000: 7
    default: 0
    }
  }

  private static var hostName: String {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: &name.nodename) { bytes in
      Escaping.text(Array(bytes.prefix { $0 != 0 }))
    }
  }
}
