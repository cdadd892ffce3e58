/// The Faults perspective: what the IOMMU stopped, in the kernel's words, in plain words, and why.
package iommulab.app.faults;
