function __provstamp_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __provstamp_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __provstamp_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __provstamp_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __provstamp_parse_tokens -S
    set -l unparsed_tokens (__provstamp_tokens -pc)
    switch $unparsed_tokens[1]
    case 'provstamp'
        __provstamp_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'who'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'json' 'color=' 'version' 'h/help'
        case 'log'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'json' 'color=' 'version' 'h/help'
        case 'find'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'session=' 'exact' 'intent=' 'since=' 'until=' 'uid=' 'comm=' 'trust=+' 'state=+' 'unstamped' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'l/long' 'format=' 'c/count' 'sort=' 'reverse' 'limit=' 'json' 'color=' 'version' 'h/help'
        case 'verify'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'strict' 'by-mtime' 'allow-unstamped' 'a/all' 'q/quiet' 'each' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'json' 'color=' 'version' 'h/help'
        case 'sessions'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'json' 'color=' 'version' 'h/help'
        case 'report'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'session=' 'exact' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'l/long' 'markdown' 'csv' 'html' 'json' 'color=' 'version' 'h/help'
        case 'audit'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'session=' 'exact' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'l/long' 'markdown' 'csv' 'html' 'json' 'color=' 'version' 'h/help'
        case 'watch'
            __provstamp_parse_subcommand -r 1 'files-from=' '0/null' 'session=' 'exact' 'intent=' 'since=' 'until=' 'uid=' 'comm=' 'trust=+' 'state=+' 'unstamped' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'json' 'color=' 'version' 'h/help'
        case 'status'
            __provstamp_parse_subcommand 1 'session=' 'exact' 'mine' 'others' 'unknown' '0/null' 'json' 'color=' 'version' 'h/help'
        case 'blame'
            __provstamp_parse_subcommand 1 'L=+' 'revision=' 'w' 'porcelain' 'json' 'color=' 'version' 'h/help'
        case 'git'
            __provstamp_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'install-hook'
                __provstamp_parse_subcommand -r 1 'C=' 'shared' 'version' 'h/help'
            case 'remove-hook'
                __provstamp_parse_subcommand -r 1 'C=' 'version' 'h/help'
            case 'show-hook'
                __provstamp_parse_subcommand -r 1 'C=' 'version' 'h/help'
            case 'guard'
                __provstamp_parse_subcommand 0 'version' 'h/help'
            case 'record'
                __provstamp_parse_subcommand 0 'q/quiet' 'version' 'h/help'
            case 'trailers'
                __provstamp_parse_subcommand -r 2 'version' 'h/help'
            end
        case 'run'
            __provstamp_parse_subcommand -r 1 'name=' 'id=' 'intent=' 'budget=' 'user-namespace' 'id-file=' 'print-id' 'q/quiet' 'v/verbose' 'version' 'h/help'
        case 'ps'
            __provstamp_parse_subcommand 0 'a/all' 'json' 'color=' 'version' 'h/help'
        case 'whoami'
            __provstamp_parse_subcommand 0 'json' 'color=' 'version' 'h/help'
        case 'export'
            __provstamp_parse_subcommand -r 1 'format=' 'key=' 'files-from=' '0/null' 'session=' 'exact' 'x/one-file-system' 'type=+' 'name=+' 'exclude=+' 'max-depth=' 'git-dir' 'version' 'h/help'
        case 'mcp'
            __provstamp_parse_subcommand 0 'version' 'h/help'
        case 'agent'
            __provstamp_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'show'
                __provstamp_parse_subcommand 2 'version' 'h/help'
            case 'install'
                __provstamp_parse_subcommand 2 'version' 'h/help'
            case 'remove'
                __provstamp_parse_subcommand 2 'version' 'h/help'
            end
        case 'doctor'
            __provstamp_parse_subcommand -r 1 'json' 'color=' 'version' 'h/help'
        case 'help'
            __provstamp_parse_subcommand -r 1 'version'
        end
    end
end

function __provstamp_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __provstamp_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __provstamp_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __provstamp_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__provstamp_tokens -p)
    if test -z "$(__provstamp_tokens -t)"
        set -l index (count (__provstamp_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'provstamp' -f
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'who' -d 'Tell who last wrote each file.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'log' -d 'Tell who wrote each file before, newest first.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'find' -d 'Find the files that a session, user or program wrote.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'verify' -d 'Check that stamps still hold: which files changed with nothing watching?'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'sessions' -d 'Show which sessions wrote here, and how much.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'report' -d 'Tell all that a session wrote that is still here, and what that leaves out.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'audit' -d 'Report on a session, and fail where somebody should look.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'watch' -d 'Show files as they are stamped, until it is interrupted.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'status' -d 'Tell whose each change in a git work tree is.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'blame' -d 'Tell which session wrote each line of a file in git.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'git' -d 'Guard and record commits in a git repository.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'run' -d 'Run a command as a session of its own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'ps' -d 'Show the sessions that run, with their processes.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'whoami' -d 'Show the session that this process is in.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'export' -d 'Tell other programs what sessions wrote, in a format of theirs.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'mcp' -d 'Answer an agent\'s questions, as a server of the Model Context Protocol.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'agent' -d 'Give an agent the server of provstamp mcp, and tell how it is started in a session.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'doctor' -d 'Tell what this machine can do, and what to do about the rest.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp who" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp who" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp log" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp log" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp find" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" session' -l 'session' -d 'Written by this session or one nested in it: its id, dashed or not, at least 4 digits of its beginning, or its name; self is the asker\'s, none is outside any. Several may be given, with commas.' -rfka '(__provstamp_custom_completion ---completion find -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" intent' -l 'intent' -d 'Written by a session that was started for this: a pattern of the shell\'s, or a part of the text, in either case of letters.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" since' -l 'since' -d 'Stamped at this time or later.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" until' -l 'until' -d 'Stamped before this time.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" uid user' -l 'uid' -l 'user' -d 'Written by this user, by name or number. Several may be given, with commas.' -rfka '(__provstamp_custom_completion ---completion find -- --uid (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" comm' -l 'comm' -d 'Written by a process of this name; its first 15 bytes count, as in ps. Several may be given, with commas.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find"' -l 'trust' -d 'Who could have forged the stamp. May be repeated, or parted by commas.' -rfka 'kernel privileged advisory'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find"' -l 'state' -d 'Whether the stamp holds, as verify tells it. May be repeated, or parted by commas.' -rfka 'ok unproven changed copied malformed unstamped'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" unstamped' -l 'unstamped' -d 'Files without a stamp: the same as --state unstamped.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" l long' -s 'l' -l 'long' -d 'Print for each file what who prints.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" format' -l 'format' -d 'Print this for each file; FORMATS has the fields.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" c count' -s 'c' -l 'count' -d 'Print how many files there are, and not which.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" sort' -l 'sort' -d 'Order the results: by path, the latest (time) or the largest (size) first, or by session. They are held back until the end.' -rfka 'path time size session'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" reverse' -l 'reverse' -d 'Turn the order around.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" limit' -l 'limit' -d 'Print so many results at most, and search no further.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp find" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp verify" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" strict' -l 'strict' -d 'Trust ctime alone: whatever changed the inode later makes a file unproven.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" by-mtime' -l 'by-mtime' -d 'Trust mtime: what it does not show has not happened, and unproven files are ok.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" allow-unstamped' -l 'allow-unstamped' -d 'Unstamped files are no reason for exit status 1, and are not listed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" a all' -s 'a' -l 'all' -d 'List files that are ok too.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" q quiet' -s 'q' -l 'quiet' -d 'Print the summary alone.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" each' -l 'each' -d 'List every unstamped file by itself, and not whole directories of them.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp sessions" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp sessions" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp report" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" session' -l 'session' -d 'On this session and those nested in it, as find takes it; without it, on all sessions.' -rfka '(__provstamp_custom_completion ---completion report -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" l long' -s 'l' -l 'long' -d 'List every file in text, Markdown and HTML, too.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" markdown' -l 'markdown' -d 'Print Markdown.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" csv' -l 'csv' -d 'Print a table of the files alone, as RFC 4180 has it.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" html' -l 'html' -d 'Print one page that needs nothing else, with a timeline and a map of the tree.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp report" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp audit" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" session' -l 'session' -d 'On this session and those nested in it, as find takes it; without it, on all sessions.' -rfka '(__provstamp_custom_completion ---completion audit -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" l long' -s 'l' -l 'long' -d 'List every file in text, Markdown and HTML, too.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" markdown' -l 'markdown' -d 'Print Markdown.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" csv' -l 'csv' -d 'Print a table of the files alone, as RFC 4180 has it.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" html' -l 'html' -d 'Print one page that needs nothing else, with a timeline and a map of the tree.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp audit" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp watch" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" session' -l 'session' -d 'Written by this session or one nested in it: its id, dashed or not, at least 4 digits of its beginning, or its name; self is the asker\'s, none is outside any. Several may be given, with commas.' -rfka '(__provstamp_custom_completion ---completion watch -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" intent' -l 'intent' -d 'Written by a session that was started for this: a pattern of the shell\'s, or a part of the text, in either case of letters.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" since' -l 'since' -d 'Stamped at this time or later.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" until' -l 'until' -d 'Stamped before this time.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" uid user' -l 'uid' -l 'user' -d 'Written by this user, by name or number. Several may be given, with commas.' -rfka '(__provstamp_custom_completion ---completion watch -- --uid (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" comm' -l 'comm' -d 'Written by a process of this name; its first 15 bytes count, as in ps. Several may be given, with commas.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch"' -l 'trust' -d 'Who could have forged the stamp. May be repeated, or parted by commas.' -rfka 'kernel privileged advisory'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch"' -l 'state' -d 'Whether the stamp holds, as verify tells it. May be repeated, or parted by commas.' -rfka 'ok unproven changed copied malformed unstamped'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" unstamped' -l 'unstamped' -d 'Files without a stamp: the same as --state unstamped.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp watch" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp status" -eq 1' -fa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" session' -l 'session' -d 'Only what this session, or one nested in it, wrote: its id, at least 4 digits of its beginning, or its name; self is the asker\'s, none is outside any. Several may be given, with commas.' -rfka '(__provstamp_custom_completion ---completion status -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" mine' -l 'mine' -d 'What this session wrote.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" others' -l 'others' -d 'What is known to be written by somebody else.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" unknown' -l 'unknown' -d 'What nobody can tell the writer of.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" 0 null' -s '0' -l 'null' -d 'Print names alone, raw, each ended by NUL.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp blame" -eq 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame"' -s 'L' -d 'These lines alone, as git blame takes them: 10,20 or 10,+5 or :function. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" revision' -l 'revision' -d 'As the file was in this commit, without what came later.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" w' -s 'w' -d 'Leave white space out of account, as git blame does.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" porcelain' -l 'porcelain' -d 'What git blame --porcelain prints, with agent-session and agent-session-cause added.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp blame" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'install-hook' -d 'Have git ask provstamp at every commit.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'remove-hook' -d 'Take provstamp\'s hooks away again.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'show-hook' -d 'Show which hooks are provstamp\'s, and where.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'guard' -d 'Refuse a commit of files that another running session wrote.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'record' -d 'Keep with the last commit who wrote its files.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git" -eq 1' -fa 'trailers' -d 'Name in a commit\'s message the sessions that wrote its files.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git install-hook" -ge 1' -fka 'pre-commit post-commit prepare-commit-msg'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git install-hook" C' -s 'C' -d 'In the repository around this directory.' -rfa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git install-hook" shared' -l 'shared' -d 'Also where the hooks are those of other repositories too.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git install-hook" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git install-hook" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git remove-hook" -ge 1' -fka 'pre-commit post-commit prepare-commit-msg'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git remove-hook" C' -s 'C' -d 'In the repository around this directory.' -rfa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git remove-hook" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git remove-hook" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp git show-hook" -ge 1' -fka 'pre-commit post-commit prepare-commit-msg'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git show-hook" C' -s 'C' -d 'In the repository around this directory.' -rfa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git show-hook" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git show-hook" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git guard" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git guard" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git record" q quiet' -s 'q' -l 'quiet' -d 'Say only what could not be recorded, although it is stamped.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git record" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git record" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git trailers" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp git trailers" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" name' -l 'name' -d 'What to call the session, up to 63 bytes; several sessions may have one name.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" id' -l 'id' -d 'An id that the command goes by elsewhere: 32 hexadecimal digits, or a UUID. Refused where a running session of yours has it.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" intent' -l 'intent' -d 'What the session is for, up to 63 bytes.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" budget' -l 'budget' -d 'What the session may do at most, and what happens then; on a kernel with agent sessions.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" user-namespace' -l 'user-namespace' -d 'Make the session in a user namespace of its own; on a kernel with agent sessions.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" id-file' -l 'id-file' -d 'Write the session\'s id to FILE before the command starts.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" print-id' -l 'print-id' -d 'Print the session\'s id on standard output before the command starts.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" q quiet' -s 'q' -l 'quiet' -d 'Do not tell the session\'s id on standard error.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" v verbose' -s 'v' -l 'verbose' -d 'Say which session it is, and whether the kernel made it.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp run" -ge 1' -fka '(__provstamp_custom_completion ---completion run -- positional@0 (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp ps" a all' -s 'a' -l 'all' -d 'Sessions that have ended, too.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp ps" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp ps" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp ps" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp ps" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp whoami" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp whoami" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp whoami" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp whoami" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" format' -l 'format' -d 'For whom.' -rfka 'agent-trace in-toto prov-json ocsf'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" key' -l 'key' -d 'Sign with this private key, an Ed25519 key in a PEM file; openssl(1) does it.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp export" -ge 1' -F
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" files-from' -l 'files-from' -d 'Take further paths from FILE, one a line; - is standard input.' -rF
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" 0 null' -s '0' -l 'null' -d 'Names end with NUL: in --files-from, and raw in what is printed.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" session' -l 'session' -d 'On this session and those nested in it, as find takes it; without it, on all sessions.' -rfka '(__provstamp_custom_completion ---completion export -- --session (count (__provstamp_tokens -pc)) (__provstamp_tokens -tC))'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" exact' -l 'exact' -d 'Leave out sessions nested in the given one.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" one-file-system x' -s 'x' -l 'one-file-system' -d 'Do not enter other filesystems than each path\'s own.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export"' -l 'type' -d 'Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.' -rfka 'f d l p s b c any'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export"' -l 'name' -d 'Only files whose last name matches this pattern of the shell\'s. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export"' -l 'exclude' -d 'Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" max-depth' -l 'max-depth' -d 'Enter directories at most so many levels below the paths that were named; 0 looks at these alone.' -rfka ''
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" git-dir' -l 'git-dir' -d 'Enter .git directories, which are left out unless they are named.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp export" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp mcp" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp mcp" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent" -eq 1' -fa 'show' -d 'Print what an agent\'s settings need, and how it is started in a session.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent" -eq 1' -fa 'install' -d 'Write the server of provstamp mcp into an agent\'s settings.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent" -eq 1' -fa 'remove' -d 'Take the server of provstamp mcp out of an agent\'s settings.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent show" -eq 1' -fka 'claude-code cursor gemini codex'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent show" -eq 2' -fa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent show" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent show" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent install" -eq 1' -fka 'claude-code cursor gemini codex'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent install" -eq 2' -fa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent install" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent install" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent remove" -eq 1' -fka 'claude-code cursor gemini codex'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp agent remove" -eq 2' -fa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent remove" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp agent remove" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_positional "provstamp doctor" -ge 1' -fa '(__provstamp_complete_directories)'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp doctor" json' -l 'json' -d 'One JSON object a line; provstamp(1) has the fields.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp doctor" color' -l 'color' -d 'Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.' -rfka 'auto always never'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp doctor" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp doctor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'provstamp' -n '__provstamp_should_offer_completions_for_flags_or_options "provstamp help" version' -l 'version' -d 'Show the version.'
complete -c 'provstamp' -n '__fish_seen_subcommand_from help' -fa 'who log find verify sessions report audit watch status blame git run ps whoami export mcp agent doctor'
