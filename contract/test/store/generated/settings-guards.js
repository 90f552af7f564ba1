// Generated from openapi.yaml. Do not edit.
import { toCheck } from "@clawgate/contract";
const constant0 = {"types":["object"]};
const constant1 = {"types":["string"]};
const constant2 = {"types":["integer"]};

export const fillSettings = toCheck(validate20);
function validate20(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="Settings" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.name === undefined){
data.name = "store";
}
if(data.shelves === undefined){
data.shelves = 3;
}
const _errs1 = errors;
for(const key0 in data){
if(!((key0 === "name") || (key0 === "shelves"))){
validate20.errors = [{instancePath,keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",expected:constant0,data}];
return false;
break;
}
}
if(_errs1 === errors){
let data0 = data.name;
const _errs2 = errors;
if(typeof data0 !== "string"){
validate20.errors = [{instancePath:instancePath+"/name",keyword:"type",params:{type: "string"},message:"must be string",expected:constant1,data:data0}];
return false;
}
var valid0 = _errs2 === errors;
if(valid0){
let data1 = data.shelves;
const _errs4 = errors;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
validate20.errors = [{instancePath:instancePath+"/shelves",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant2,data:data1}];
return false;
}
if(errors === _errs4){
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 < 1 || isNaN(data1)){
validate20.errors = [{instancePath:instancePath+"/shelves",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",expected:constant2,data:data1}];
return false;
}
}
}
var valid0 = _errs4 === errors;
}
}
}
else {
validate20.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant0,data}];
return false;
}
}
validate20.errors = vErrors;
return errors === 0;
}
