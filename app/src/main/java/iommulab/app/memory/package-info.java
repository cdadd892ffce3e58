/// The Memory perspective: any frame of memory in hex, what IOMMUs take it for, and the rings between
/// software and hardware.
package iommulab.app.memory;
