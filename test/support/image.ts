export { serviceImage as testImage } from "../../scripts/lab/image";
