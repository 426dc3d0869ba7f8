// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
enum Request: Equatable {
  case run
  case help
  case version

  init(_ arguments: [String]) throws(Trouble) {
    var request = Request.run
    for argument in arguments {
      switch argument {
      case "-f", "--foreground": continue
      case "-h", "--help": request = .help
      case "-V", "--version": request = .version
      default: throw Trouble("unknown argument \(argument)\nTry: provstampd --help")
      }
    }
    self = request
  }
}
