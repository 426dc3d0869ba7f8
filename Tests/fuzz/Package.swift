// swift-tools-version: 6.2
// What reads bytes that anybody may have written, under libFuzzer: scripts/fuzz. A package of its own,
// since what is built here is instrumented. Its modules are the repository's own sources, by links.
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-sanitize=fuzzer", "-enable-testing"]),
]

let package = Package(
  name: "Fuzz",
  dependencies: [.package(url: "https://github.com/apple/swift-system", from: "1.5.0")],
  targets: [
    .target(name: "CProvenance", linkerSettings: [.linkedLibrary("md")]),
    .target(
      name: "Provenance",
      dependencies: ["CProvenance", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings),
    .target(name: "Notes", dependencies: ["Provenance"], swiftSettings: settings),
    .systemLibrary(name: "CFuzzer"),
    .executableTarget(
      name: "Fuzz", dependencies: ["CFuzzer", "Provenance", "Notes"], swiftSettings: settings,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ]
)
