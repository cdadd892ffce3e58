/// The PASIDs perspective: which number in a request of which device means which address space, and what
/// the tables in memory say about it.
package iommulab.app.pasids;
