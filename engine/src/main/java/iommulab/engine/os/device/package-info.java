/// Physical functions and their groups as drivers and users claim them: who owns the DMA of a group.
package iommulab.engine.os.device;
