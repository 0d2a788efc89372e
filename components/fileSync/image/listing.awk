# Sorts what `scan` says into files: -v changed=FILE -v deleted=FILE, names as rsync writes them, a directory's with a
# slash. Prints: regular files at the source, names to carry, names to delete, rsync's exit code.
/^\*deleting / {
  deletions++
  print substr($0, 13) >deleted
  next
}
/^[<>ch.][fdL]/ {
  name = substr($0, 13)
  if (name == "./") next
  changes++
  print name >changed
  next
}
/^Number of files: / {
  if (match($0, /reg: [0-9]+/)) source += substr($0, RSTART + 5, RLENGTH - 5)
}
/^end / { code = $2 }
END { print source + 0, changes + 0, deletions + 0, code + 0 }
