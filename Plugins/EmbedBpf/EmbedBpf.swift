// SPDX-License-Identifier: Apache-2.0
import PackagePlugin

/// Compiles the programs in `bpf` for the kernel's virtual machine, with the toolchain's own clang, and
/// makes a Swift literal of them, so that the daemon is one file.
@main
struct EmbedBpf: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let sources = context.package.directoryURL.appending(path: "bpf")
    let script = context.package.directoryURL.appending(path: "scripts/embed-bpf")
    let output = context.pluginWorkDirectoryURL.appending(path: "BpfObject.swift")
    let clang = try context.tool(named: "clang").url
    let names = [
      "content.h", "creation.h", "inode.h", "kernel.h", "maps.h", "note.h", "provstampd.bpf.c",
      "records.h", "sessions.h", "writer.h",
    ]
    return [
      .buildCommand(
        displayName: "Compiling BPF programs", executable: script,
        arguments: [clang.path(), sources.path(), output.path()],
        inputFiles: [script] + names.map { sources.appending(path: $0) }, outputFiles: [output])
    ]
  }
}
