/// The Caches perspective: what each cache of an IOMMU holds, which entries no longer tell the truth,
/// and how often it answers.
package iommulab.app.caches;
