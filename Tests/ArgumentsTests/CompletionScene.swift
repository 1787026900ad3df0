import Foundation

@testable import Arguments

/// A folder with the toy program, its three completion scripts and a few files, in which shells are asked.
struct CompletionScene {
  enum Shell: String, CaseIterable { case bash, zsh, fish }

  struct Failure: Error, CustomStringConvertible { let description: String }

  let folder: URL

  /// The program answers `__complete` and writes down the words that it was given.
  private static let program = """
    #!/bin/sh
    printf '<%s>' "$@" >>asked
    case "$*" in *bad*) echo acme; exit 7 ;; esac
    case $2 in
    tenants) case "$*" in *odd*) printf '%s\\n' 'odd a b;c' "odd'"'"$(x)`y`' 'odd{b,c}\\z!' ;; esac; printf 'acme\\nacme-corp\\nbeta\\n' ;;
    domains) printf 'a.acme.com\\nb.acme.com:80\\n' ;;
    esac
    echo oops >&2

    """

  init(_ tree: CommandTree<Toy.Action> = Toy.tree) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "toy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "sub"), withIntermediateDirectories: true)
    // Written by another process: one that is forked off by another test meanwhile would have our file open for
    // writing, and "text file busy" would be all that a shell got out of it.
    try write("program", Self.program)
    _ = try run("install", ["-m755", "program", "toy"])
    try FileManager.default.removeItem(at: folder.appending(path: "program"))
    for name in ["my db.toml", "notes.txt", "acme.dump", "asked"] { try write(name, "") }
    try write("toy.bash", BashCompletion.script(for: tree) + Self.bashDriver)
    try write("_toy", ZshCompletion.script(for: tree))
    try write("setup.zsh", Self.zshSetup)
    try write("driver.zsh", Self.zshDriver)
    try write("toy.fish", FishCompletion.script(for: tree) + Self.fishDriver)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// What the shell offers for each line, sorted.
  func candidates(_ shell: Shell, _ lines: [String]) throws -> [[String]] {
    let output =
      switch shell {
      case .bash: try run("bash", ["--norc", "toy.bash"] + lines.flatMap(Self.readlineWords))
      case .zsh: try run("timeout", ["--foreground", "60", "zsh", "-f", "driver.zsh"] + lines)
      case .fish: try run("fish", ["toy.fish"] + lines)
      }
    return output.split(separator: "\n").split(separator: "=====", omittingEmptySubsequences: false)
      .dropLast()
      .map { Set($0.map { String($0.prefix { $0 != "\t" }) }).sorted() }
  }

  /// The words that the program was last asked with.
  func asked() throws -> String { try String(contentsOf: folder.appending(path: "asked"), encoding: .utf8) }

  private func write(_ name: String, _ text: String) throws {
    try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
  }

  func run(_ shell: String, _ arguments: [String]) throws -> String {
    let output = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [shell] + arguments
    process.currentDirectoryURL = folder
    process.environment = [
      "PATH": "\(folder.path):/usr/local/bin:/usr/bin:/bin", "HOME": folder.path, "TOYDB": "url",
      "TERM": "dumb",
      "LANG": "C.UTF-8",
    ]
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        description: """
          \(shell) ended with \(process.terminationStatus): \(String(decoding: data, as: UTF8.self))
          These tests need four programs: apt-get install bash zsh fish mandoc
          """)
    }
    return String(decoding: data, as: UTF8.self)
  }
}

extension CompletionScene {
  /// Each line comes as its length, its words as readline splits them (at `=` and `:` too), and itself.
  private static let bashDriver = #"""

    while (($#)); do
      COMP_WORDS=("${@:2:$1}")
      shift $(($1 + 1))
      COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      shift
      _toy
      printf '%s\n' "${COMPREPLY[@]}" =====
    done
    """#

  private static func readlineWords(_ line: String) -> [String] {
    var words = [""]
    for character in line {
      let isBreak = "=:".contains(character)
      if character == " " {
        words.append("")
      } else if let last = words.last?.last, isBreak != "=:".contains(last) {
        words.append(String(character))
      } else {
        words[words.count - 1].append(character)
      }
    }
    return ["\(words.count)"] + words + [line]
  }

  private static let fishDriver = #"""

    for line in $argv
        complete -C $line
        echo =====
    end
    """#

  /// Types each line and a tab into an interactive zsh.
  private static let zshDriver = #"""
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'source ./setup.zsh'
    zpty -r shell seen $'*ready\r*'
    for line in "$@"; do
      zpty -w -n shell $'\C-u'"$line"$'\t'
      zpty -r shell seen '*asked:end*'
    done
    cat offered
    """#

  /// Writes down what is handed to compadd.
  private static let zshSetup = #"""
    PS1= RPS1=
    fpath=($PWD $fpath)
    autoload -Uz compinit
    compinit -C -D
    compadd() {
      local -a found
      if [[ " ${@[1,(i)-(-|)]} " != *' -'[OAD]' '* ]]; then
        builtin compadd -O found "$@"
        print -rl -- $found >>offered
      fi
      builtin compadd "$@"
    }
    offer() {
      _main_complete
      print -r -- '=====' >>offered
      compstate[insert]= compstate[list]=
      print -rn -- asked:end
    }
    zle -C offer complete-word offer
    bindkey '^I' offer
    stty -echo
    print rea''dy
    """#
}
