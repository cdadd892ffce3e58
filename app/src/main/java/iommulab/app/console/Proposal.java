package iommulab.app.console;

/// Something that could be typed here.
///
/// @param text as it is put into the line
/// @param about what it is, in a few words
record Proposal(String text, String about) {}
