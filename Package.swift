// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
  name: "ProvFS",
  products: [
    .executable(name: "provfs", targets: ["ProvFS"]),
    .executable(name: "provstampd", targets: ["provstampd"]),
    .executable(name: "provstamp", targets: ["provstamp"]),
    .library(name: "Provenance", targets: ["Provenance"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
    .target(
      name: "CProvenance",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("md")]),
    // The library itself is linked in, so that the programs run where it is not installed.
    .target(
      name: "CRing",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.unsafeFlags(["-l:liburing.a"])]),
    // libbpf is linked in likewise. What it needs itself is on every system that has a shell.
    .target(
      name: "CBpf",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [
        .unsafeFlags(["-l:libbpf.a"]), .linkedLibrary("elf"), .linkedLibrary("z"),
      ]),
    .plugin(name: "EmbedBpf", capability: .buildTool()),
    .target(name: "Provenance", dependencies: ["CProvenance", system], swiftSettings: strict),
    .executableTarget(
      name: "ProvFS",
      dependencies: ["CFuse", "CCap", "CProvenance", "CRing", "Provenance", system, logging],
      swiftSettings: strict),
    .executableTarget(
      name: "provstamp",
      dependencies: ["CProvenance", "Provenance", argumentParser, system],
      swiftSettings: strict),
    .executableTarget(
      name: "provstampd",
      dependencies: ["CBpf", "CCap", "CProvenance", "Provenance", system, logging],
      swiftSettings: strict, plugins: ["EmbedBpf"]),
    .testTarget(
      name: "ProvenanceTests", dependencies: ["CProvenance", "Provenance", system],
      swiftSettings: strict),
    .testTarget(
      name: "provstampTests", dependencies: ["provstamp", "Provenance", system],
      swiftSettings: strict),
    .testTarget(
      name: "ProvFSTests", dependencies: ["ProvFS", "Provenance", system],
      swiftSettings: strict),
  ]
)
