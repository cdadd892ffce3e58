/// The Software perspective: what the kernel remembers of processes, files and virtual machines, what keeps
/// what alive, and the calls that change it.
package iommulab.app.software;
