// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Why somebody who looks over a session's work would want to see a file first.
enum Concern: String, CaseIterable {
  case executable
  case setID = "set-id"
  case gitHook = "git-hook"
  case gitConfiguration = "git-config"
  case ci
  case credential
  case dotfile

  /// By path and mode alone: no file is opened.
  ///
  /// - Parameters:
  ///   - path: as the walk came to it.
  ///   - depth: how many of its last names are below what was named.
  static func all(_ path: [UInt8], depth: Int, _ status: FileStatus) -> [Concern] {
    let names = path.split(separator: UInt8(ascii: "/")).map {
      String(decoding: $0, as: UTF8.self)
    }
    var found: [Concern] = []
    if status.isRegular, status.mode & 0o111 != 0 { found.append(.executable) }
    if status.isRegular, status.mode & 0o6000 != 0 { found.append(.setID) }
    if isGitHook(names) { found.append(.gitHook) }
    if names.suffix(2) == [".git", "config"] { found.append(.gitConfiguration) }
    if isCI(names) { found.append(.ci) }
    if names.last.map(isCredentialLike) ?? false { found.append(.credential) }
    if names.suffix(max(1, depth)).contains(where: isHidden) { found.append(.dotfile) }
    return found
  }

  private static func isHidden(_ name: String) -> Bool {
    name.hasPrefix(".") && name != "." && name != ".."
  }

  private static func isGitHook(_ names: [String]) -> Bool {
    let isBelow = zip(names, names.dropFirst()).contains { $0 == ".git" && $1 == "hooks" }
    let isKept = names.dropLast().contains { [".githooks", ".husky"].contains($0) }
    return (isBelow && names.last != "hooks" || isKept)
      && !(names.last?.hasSuffix(".sample") ?? false)
  }

  private static func isCI(_ names: [String]) -> Bool {
    guard let last = names.last else { return false }
    if ciFiles.contains(last.lowercased()) { return true }
    let above = names.dropLast()
    if above.contains(where: ciDirectories.contains) { return true }
    return zip(above, above.dropFirst()).contains { outer, inner in
      forges.contains(outer) && ["workflows", "actions"].contains(inner)
    }
  }

  private static let forges: Set = [".github", ".gitea", ".forgejo"]
  private static let ciDirectories: Set = [
    ".circleci", ".buildkite", ".gitlab", ".woodpecker", ".teamcity", ".builds",
  ]
  private static let ciFiles: Set = [
    ".gitlab-ci.yml", ".gitlab-ci.yaml", "jenkinsfile", ".travis.yml", "azure-pipelines.yml",
    ".drone.yml", ".woodpecker.yml", "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml",
    "cloudbuild.yaml", "cloudbuild.yml", "buildspec.yml", ".cirrus.yml", ".build.yml",
  ]

  private static func isCredentialLike(_ name: String) -> Bool {
    let name = name.lowercased()
    if credentialFiles.contains(name) || name.hasPrefix(".env.") { return true }
    if credentialSuffixes.contains(where: { name.count > $0.count && name.hasSuffix($0) }) {
      return true
    }
    let words = name.split { !$0.isLetter && !$0.isNumber }
    return words.contains { credentialWords.contains(String($0)) }
  }

  private static let credentialFiles: Set = [
    ".env", ".netrc", ".npmrc", ".pypirc", ".pgpass", ".htpasswd", ".git-credentials", "shadow",
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "authorized_keys", "kubeconfig", ".dockercfg",
  ]
  private static let credentialSuffixes = [
    ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk",
  ]
  private static let credentialWords: Set = [
    "credential", "credentials", "secret", "secrets", "password", "passwords", "passwd", "token",
    "tokens", "apikey",
  ]
}
