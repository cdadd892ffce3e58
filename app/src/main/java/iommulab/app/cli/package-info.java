/// The command line: verbs that need no display. Answers go to standard output, as JSON where a program
/// may want them; messages go to standard error.
package iommulab.app.cli;
