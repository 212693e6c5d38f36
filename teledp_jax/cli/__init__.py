"""The command line: `teledp SUBCOMMAND`, each subcommand a module."""
