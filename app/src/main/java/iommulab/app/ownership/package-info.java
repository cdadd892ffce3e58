/// The Ownership perspective: who owns the DMA of each group, where the group's domain pointer leads, and
/// who spoils it for users.
package iommulab.app.ownership;
