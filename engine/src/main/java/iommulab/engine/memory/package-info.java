/// Host-physical memory and the map of what answers at which address.
package iommulab.engine.memory;
