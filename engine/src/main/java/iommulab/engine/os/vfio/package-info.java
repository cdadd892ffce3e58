/// VFIO: devices for user space, by groups and containers or by device files. Source: kernel
/// `drivers/vfio`.
package iommulab.engine.os.vfio;
