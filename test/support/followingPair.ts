export * from "../../scripts/lab/followingPair";
