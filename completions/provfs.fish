# SPDX-License-Identifier: Apache-2.0
# fish's completion of provfs.

function __provfs_options
    set -l before (string match -r '.*,' -- (commandline -ct))
    for option in entry_timeout= attr_timeout= negative_timeout= passthrough={auto,on,off} \
            ring={auto,on,off} attribution=exact one_file_system max_threads= allow_other \
            noallow_other allow_root ro noexec nosuid nodev sync
        echo "$before$option"
    end
end

complete -c provfs -f -a '(__fish_complete_directories)'
complete -c provfs -s f -l foreground -d 'Stay in the foreground'
complete -c provfs -s d -l debug -d 'Print every request'
complete -c provfs -s s -d 'Serve one request at a time'
complete -c provfs -s o -x -a '(__provfs_options)' -d 'Options of the mount'
complete -c provfs -s h -l help -d Help
complete -c provfs -s V -l version -d 'The version'
