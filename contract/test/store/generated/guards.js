// Generated from openapi.yaml. Do not edit.
import { toCheck } from "@clawgate/contract";
import helper0 from "ajv/dist/runtime/ucs2length.js";
const constant0 = {"types":["integer"]};
const constant1 = {"types":["boolean"]};
const constant2 = {"types":["object"]};
const constant3 = {"types":["string"]};
const constant4 = {"types":["array"]};
const constant5 = {"types":["string","null"]};
const constant6 = {"types":[]};
const constant7 = ["string","null"];
const constant8 = ["new","used"];

export const checkListItemsParameters = toCheck(validate20);
function validate20(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="checkListItemsParameters" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.limit !== undefined){
let data0 = data.limit;
const _errs1 = errors;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
validate20.errors = [{instancePath:instancePath+"/limit",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data0}];
return false;
}
if(errors === _errs1){
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 100 || isNaN(data0)){
validate20.errors = [{instancePath:instancePath+"/limit",keyword:"maximum",params:{comparison: "<=", limit: 100},message:"must be <= 100",expected:constant0,data:data0}];
return false;
}
else {
if(data0 < 1 || isNaN(data0)){
validate20.errors = [{instancePath:instancePath+"/limit",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",expected:constant0,data:data0}];
return false;
}
}
}
}
var valid0 = _errs1 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.sold !== undefined){
let data1 = data.sold;
const _errs3 = errors;
if(typeof data1 !== "boolean"){
validate20.errors = [{instancePath:instancePath+"/sold",keyword:"type",params:{type: "boolean"},message:"must be boolean",expected:constant1,data:data1}];
return false;
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
}
}
else {
validate20.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate20.errors = vErrors;
return errors === 0;
}
export const checkAnswerListItems200 = toCheck(validate21);
function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="checkAnswerListItems200" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(Array.isArray(data)){
var valid0 = true;
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
let data0 = data[i0];
const _errs1 = errors;
const _errs2 = errors;
if(errors === _errs2){
if(data0 && typeof data0 == "object" && !Array.isArray(data0)){
let missing0;
if((((data0.id === undefined) && (missing0 = "id")) || ((data0.name === undefined) && (missing0 = "name"))) || ((data0.stock === undefined) && (missing0 = "stock"))){
validate21.errors = [{instancePath:instancePath+"/" + i0,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data:data0}];
return false;
}
else {
const _errs4 = errors;
for(const key0 in data0){
if(!(((key0 === "id") || (key0 === "name")) || (key0 === "stock"))){
validate21.errors = [{instancePath:instancePath+"/" + i0,keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",expected:constant2,data:data0}];
return false;
break;
}
}
if(_errs4 === errors){
if(data0.id !== undefined){
let data1 = data0.id;
const _errs5 = errors;
if(typeof data1 !== "string"){
validate21.errors = [{instancePath:instancePath+"/" + i0+"/id",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data1}];
return false;
}
var valid2 = _errs5 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data0.name !== undefined){
let data2 = data0.name;
const _errs7 = errors;
if(typeof data2 !== "string"){
validate21.errors = [{instancePath:instancePath+"/" + i0+"/name",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data2}];
return false;
}
var valid2 = _errs7 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data0.stock !== undefined){
let data3 = data0.stock;
const _errs9 = errors;
if(!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))){
validate21.errors = [{instancePath:instancePath+"/" + i0+"/stock",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data3}];
return false;
}
if(errors === _errs9){
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 < 0 || isNaN(data3)){
validate21.errors = [{instancePath:instancePath+"/" + i0+"/stock",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",expected:constant0,data:data3}];
return false;
}
}
}
var valid2 = _errs9 === errors;
}
else {
var valid2 = true;
}
}
}
}
}
}
else {
validate21.errors = [{instancePath:instancePath+"/" + i0,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data:data0}];
return false;
}
}
var valid0 = _errs1 === errors;
if(!valid0){
break;
}
}
}
else {
validate21.errors = [{instancePath,keyword:"type",params:{type: "array"},message:"must be array",expected:constant4,data}];
return false;
}
}
validate21.errors = vErrors;
return errors === 0;
}
export const checkAnswerProblem = toCheck(validate23);
function validate23(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((data.problem === undefined) && (missing0 = "problem")){
validate23.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!((key0 === "problem") || (key0 === "field"))){
validate23.errors = [{instancePath,keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",expected:constant2,data}];
return false;
break;
}
}
if(_errs1 === errors){
if(data.problem !== undefined){
let data0 = data.problem;
const _errs2 = errors;
if(typeof data0 !== "string"){
validate23.errors = [{instancePath:instancePath+"/problem",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.field !== undefined){
let data1 = data.field;
const _errs4 = errors;
if((typeof data1 !== "string") && (data1 !== null)){
validate23.errors = [{instancePath:instancePath+"/field",keyword:"type",params:{type: constant7},message:"must be string,null",expected:constant5,data:data1}];
return false;
}
var valid0 = _errs4 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
else {
validate23.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate23.errors = vErrors;
return errors === 0;
}
export const checkAddItemParameters = toCheck(validate24);
const func1 = helper0.default;
function validate24(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="checkAddItemParameters" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((data["x-shop"] === undefined) && (missing0 = "x-shop")){
validate24.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
if(data["x-shop"] !== undefined){
let data0 = data["x-shop"];
const _errs1 = errors;
if(errors === _errs1){
if(typeof data0 === "string"){
if(func1(data0) < 1){
validate24.errors = [{instancePath:instancePath+"/x-shop",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",expected:constant3,data:data0}];
return false;
}
}
else {
validate24.errors = [{instancePath:instancePath+"/x-shop",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
}
}
}
}
else {
validate24.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate24.errors = vErrors;
return errors === 0;
}
export const checkNewItem = toCheck(validate26);
function validate26(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((data.name === undefined) && (missing0 = "name")) || ((data.stock === undefined) && (missing0 = "stock"))){
validate26.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
if(data.name !== undefined){
let data0 = data.name;
const _errs1 = errors;
if(errors === _errs1){
if(typeof data0 === "string"){
if(func1(data0) > 20){
validate26.errors = [{instancePath:instancePath+"/name",keyword:"maxLength",params:{limit: 20},message:"must NOT have more than 20 characters",expected:constant3,data:data0}];
return false;
}
else {
if(func1(data0) < 1){
validate26.errors = [{instancePath:instancePath+"/name",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",expected:constant3,data:data0}];
return false;
}
}
}
else {
validate26.errors = [{instancePath:instancePath+"/name",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
}
var valid0 = _errs1 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.stock !== undefined){
let data1 = data.stock;
const _errs3 = errors;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
validate26.errors = [{instancePath:instancePath+"/stock",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data1}];
return false;
}
if(errors === _errs3){
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 < 1 || isNaN(data1)){
validate26.errors = [{instancePath:instancePath+"/stock",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",expected:constant0,data:data1}];
return false;
}
}
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.tags !== undefined){
let data2 = data.tags;
const _errs5 = errors;
if(errors === _errs5){
if(Array.isArray(data2)){
if(data2.length > 3){
validate26.errors = [{instancePath:instancePath+"/tags",keyword:"maxItems",params:{limit: 3},message:"must NOT have more than 3 items",expected:constant4,data:data2}];
return false;
}
else {
var valid1 = true;
const len0 = data2.length;
for(let i0=0; i0<len0; i0++){
let data3 = data2[i0];
const _errs7 = errors;
if(typeof data3 !== "string"){
validate26.errors = [{instancePath:instancePath+"/tags/" + i0,keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data3}];
return false;
}
if(!((data3 === "new") || (data3 === "used"))){
validate26.errors = [{instancePath:instancePath+"/tags/" + i0,keyword:"enum",params:{allowedValues: constant8},message:"must be equal to one of the allowed values",expected:constant3,data:data3}];
return false;
}
var valid1 = _errs7 === errors;
if(!valid1){
break;
}
}
}
}
else {
validate26.errors = [{instancePath:instancePath+"/tags",keyword:"type",params:{type: "array"},message:"must be array",expected:constant4,data:data2}];
return false;
}
}
var valid0 = _errs5 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
else {
validate26.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate26.errors = vErrors;
return errors === 0;
}
export const checkAnswerItem = toCheck(validate27);
function validate27(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((((data.id === undefined) && (missing0 = "id")) || ((data.name === undefined) && (missing0 = "name"))) || ((data.stock === undefined) && (missing0 = "stock"))){
validate27.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!(((key0 === "id") || (key0 === "name")) || (key0 === "stock"))){
validate27.errors = [{instancePath,keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",expected:constant2,data}];
return false;
break;
}
}
if(_errs1 === errors){
if(data.id !== undefined){
let data0 = data.id;
const _errs2 = errors;
if(typeof data0 !== "string"){
validate27.errors = [{instancePath:instancePath+"/id",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.name !== undefined){
let data1 = data.name;
const _errs4 = errors;
if(typeof data1 !== "string"){
validate27.errors = [{instancePath:instancePath+"/name",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data1}];
return false;
}
var valid0 = _errs4 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.stock !== undefined){
let data2 = data.stock;
const _errs6 = errors;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
validate27.errors = [{instancePath:instancePath+"/stock",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data2}];
return false;
}
if(errors === _errs6){
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 < 0 || isNaN(data2)){
validate27.errors = [{instancePath:instancePath+"/stock",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",expected:constant0,data:data2}];
return false;
}
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
else {
validate27.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate27.errors = vErrors;
return errors === 0;
}
export const checkGetItemParameters = toCheck(validate28);
function validate28(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="checkGetItemParameters" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((data.id === undefined) && (missing0 = "id")){
validate28.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 !== "string"){
validate28.errors = [{instancePath:instancePath+"/id",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
}
}
}
else {
validate28.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate28.errors = vErrors;
return errors === 0;
}
export const checkWatchItemParameters = toCheck(validate29);
function validate29(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
/*# sourceURL="checkWatchItemParameters" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((data.id === undefined) && (missing0 = "id")){
validate29.errors = [{instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data}];
return false;
}
else {
if(data.id !== undefined){
let data0 = data.id;
if(typeof data0 !== "string"){
validate29.errors = [{instancePath:instancePath+"/id",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data0}];
return false;
}
}
}
}
else {
validate29.errors = [{instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data}];
return false;
}
}
validate29.errors = vErrors;
return errors === 0;
}
export const checkAnswerItemEvent = toCheck(validate30);
function validate30(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={}){
let vErrors = null;
let errors = 0;
const _errs0 = errors;
let valid0 = false;
let passing0 = null;
const _errs1 = errors;
const _errs2 = errors;
if(errors === _errs2){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((data.sold === undefined) && (missing0 = "sold")) || ((data.left === undefined) && (missing0 = "left"))){
const err0 = {instancePath,keyword:"required",params:{missingProperty: missing0},message:"must have required property '"+missing0+"'",expected:constant2,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
else {
const _errs4 = errors;
for(const key0 in data){
if(!((key0 === "sold") || (key0 === "left"))){
const err1 = {instancePath,keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",expected:constant2,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
break;
}
}
if(_errs4 === errors){
if(data.sold !== undefined){
let data0 = data.sold;
const _errs5 = errors;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err2 = {instancePath:instancePath+"/sold",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(errors === _errs5){
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 < 1 || isNaN(data0)){
const err3 = {instancePath:instancePath+"/sold",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",expected:constant0,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
}
var valid2 = _errs5 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data.left !== undefined){
let data1 = data.left;
const _errs7 = errors;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
const err4 = {instancePath:instancePath+"/left",keyword:"type",params:{type: "integer"},message:"must be integer",expected:constant0,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(errors === _errs7){
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 < 0 || isNaN(data1)){
const err5 = {instancePath:instancePath+"/left",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",expected:constant0,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
}
var valid2 = _errs7 === errors;
}
else {
var valid2 = true;
}
}
}
}
}
else {
const err6 = {instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
var _valid0 = _errs1 === errors;
if(_valid0){
valid0 = true;
passing0 = 0;
}
const _errs9 = errors;
const _errs10 = errors;
if(errors === _errs10){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing1;
if((data.problem === undefined) && (missing1 = "problem")){
const err7 = {instancePath,keyword:"required",params:{missingProperty: missing1},message:"must have required property '"+missing1+"'",expected:constant2,data};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
else {
const _errs12 = errors;
for(const key1 in data){
if(!((key1 === "problem") || (key1 === "field"))){
const err8 = {instancePath,keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",expected:constant2,data};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
break;
}
}
if(_errs12 === errors){
if(data.problem !== undefined){
let data2 = data.problem;
const _errs13 = errors;
if(typeof data2 !== "string"){
const err9 = {instancePath:instancePath+"/problem",keyword:"type",params:{type: "string"},message:"must be string",expected:constant3,data:data2};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
var valid4 = _errs13 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data.field !== undefined){
let data3 = data.field;
const _errs15 = errors;
if((typeof data3 !== "string") && (data3 !== null)){
const err10 = {instancePath:instancePath+"/field",keyword:"type",params:{type: constant7},message:"must be string,null",expected:constant5,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
var valid4 = _errs15 === errors;
}
else {
var valid4 = true;
}
}
}
}
}
else {
const err11 = {instancePath,keyword:"type",params:{type: "object"},message:"must be object",expected:constant2,data};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
var _valid0 = _errs9 === errors;
if(_valid0 && valid0){
valid0 = false;
passing0 = [passing0, 1];
}
else {
if(_valid0){
valid0 = true;
passing0 = 1;
}
}
if(!valid0){
const err12 = {instancePath,keyword:"oneOf",params:{passingSchemas: passing0},message:"must match exactly one schema in oneOf",expected:constant6,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
validate30.errors = vErrors;
return false;
}
else {
errors = _errs0;
if(vErrors !== null){
if(_errs0){
vErrors.length = _errs0;
}
else {
vErrors = null;
}
}
}
validate30.errors = vErrors;
return errors === 0;
}
