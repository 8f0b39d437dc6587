//! The program `domovoi`: one router, every service, the web server and the command line.
