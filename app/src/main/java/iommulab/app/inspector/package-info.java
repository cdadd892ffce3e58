/// The inspector: everything known about what is selected, in words and numbers. Models are made from a
/// snapshot; one renderer shows them all.
package iommulab.app.inspector;
