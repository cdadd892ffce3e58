/// PCI functions as they are in a real machine: configuration bytes, capabilities, topology.
package iommulab.engine.pci;
